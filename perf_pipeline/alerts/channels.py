"""The ways that an alert can go: the log always, a webhook and e-mail where they are set.

A way that fails is one line in the log. It never fails the run that the alert is about, nor holds back another way.
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
    """The ways that are set, for the length of one telling."""

    send_by: dict[str, Callable[[Message], None]]
    """Each way by its name for people. Raises PerfPipelineError, whose text holds no secret, when it fails."""
    is_logged: bool = True
    """Whether the log tells it too; not where a command shows it on the terminal itself."""
    _failed: set[str] = field(default_factory=set)

    def send(self, message: Message) -> bool:
        """Send by every way; whether anybody was told. The log alone counts only where nothing else is set."""
        if self.is_logged:
            _log.error("%s More: %s", message.cause, message.link)
        told = [self._is_sent(name, message) for name in self.send_by]
        return any(told) or not self.send_by

    def _is_sent(self, name: str, message: Message) -> bool:
        # What failed once fails again the same way, and each try takes its time, of which a sensor has a minute.
        if name in self._failed:
            return False
        try:
            self.send_by[name](message)
        except PerfPipelineError as error:
            _log.error("%s", error)
        except Exception as error:
            # Texts of errors that are not ours may hold anything, the address of a webhook for one.
            _log.error("The alert could not go by %s: %s, a fault of ours.", name, type(error).__name__)
        else:
            return True
        self._failed.add(name)
        return False


def channels_of(settings: Settings, *, is_logged: bool = True) -> Channels:
    """The ways that the settings name, besides the log."""
    send_by: dict[str, Callable[[Message], None]] = {}
    if settings.alert_webhook_url is not None:
        # Neither way is needed to load the definitions.
        from perf_pipeline.alerts.webhook import webhook

        send_by["webhook"] = webhook(settings.alert_webhook_url)
    if settings.smtp_url is not None:
        from perf_pipeline.alerts.email import Mail

        send_by["e-mail"] = Mail(settings.smtp_url, settings.alert_email_from or "", settings.alert_recipients).send
    return Channels(send_by, is_logged)
