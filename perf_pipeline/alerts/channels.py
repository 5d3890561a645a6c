"""The channels of an alert: always the log, and a webhook and e-mail where they are set.

A channel that fails is one line in the log. It neither fails the run that the alert is about nor holds back another
channel.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

import dagster as dg

from perf_pipeline.alerts.messages import Message
from perf_pipeline.errors import PerfPipelineError
from perf_pipeline.settings import Settings

_log = dg.get_dagster_logger("perf_pipeline")


@dataclass
class Channels:
    """The channels that are set, for all alerts of one call."""

    send_by: dict[str, Callable[[Message], None]]
    """The function of each channel, which raises PerfPipelineError, without a secret in its text, when sending fails."""
    is_logged: bool = True
    """Whether alerts are logged too. A command that shows them on the terminal turns it off."""
    _failed: set[str] = field(default_factory=set)

    def send(self, message: Message) -> bool:
        """Send by every channel. Returns whether one of them succeeded; the log counts only where no other is set."""
        if self.is_logged:
            _log.error("%s More: %s", message.cause, message.link)
        sent = [self._is_sent(name, message) for name in self.send_by]
        return any(sent) or not self.send_by

    def _is_sent(self, name: str, message: Message) -> bool:
        # A channel that failed once would fail again, and each attempt takes time, of which a sensor has a minute.
        if name in self._failed:
            return False
        try:
            self.send_by[name](message)
        except PerfPipelineError as error:
            _log.error("%s", error)
        except Exception as error:
            # The text of an error that is not ours may hold anything, such as the address of the webhook.
            _log.error("The alert could not be sent by %s: %s, a fault of ours.", name, type(error).__name__)
        else:
            return True
        self._failed.add(name)
        return False


def channels_of(settings: Settings, *, is_logged: bool = True) -> Channels:
    """The channels that the settings name, besides the log."""
    send_by: dict[str, Callable[[Message], None]] = {}
    # Loading the definitions needs neither channel.
    if settings.alert_webhook_url is not None:
        from perf_pipeline.alerts.webhook import Webhook

        send_by["webhook"] = Webhook(settings.alert_webhook_url).send
    if settings.smtp_url and settings.alert_email_from and settings.alert_email_to:
        from perf_pipeline.alerts.email import Mail

        send_by["e-mail"] = Mail(settings.smtp_url, settings.alert_email_from, settings.alert_email_to).send
    return Channels(send_by, is_logged)
