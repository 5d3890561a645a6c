"""Posting an alert to an incoming webhook, such as one of Slack or Teams.

The path of a webhook's address is a secret: whoever knows it may post. Messages name the host alone.
"""

from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urljoin

import requests
from pydantic import HttpUrl, Secret
from requests.adapters import HTTPAdapter
from urllib3 import Retry

from perf_pipeline.alerts.messages import Message
from perf_pipeline.errors import PerfPipelineError

_TIMEOUT_SECONDS: Final = (5.0, 10.0)
_NEXT_STEP: Final = "check PERF_ALERT_WEBHOOK_URL and that the service it leads to is up."
_RETRY: Final = Retry(
    total=2,
    backoff_factor=1,
    status_forcelist={429, 500, 502, 503, 504},
    allowed_methods=None,
    raise_on_status=False,
    # A webhook may ask for a longer pause than the minute that a sensor has.
    respect_retry_after_header=False,
)


@dataclass(frozen=True)
class Webhook:
    """The webhook at an address."""

    address: Secret[HttpUrl]

    def check(self) -> str:
        """Connect to its host, and post nothing. Raises PerfPipelineError when that fails."""
        url = self.address.get_secret_value()
        try:
            # Any answer will do: only the secret path takes alerts.
            requests.head(urljoin(str(url), "/"), timeout=_TIMEOUT_SECONDS, allow_redirects=False)
        except (requests.RequestException, ValueError) as error:
            raise PerfPipelineError(
                f"The webhook's host {url.host} can't be reached ({type(error).__name__}).", next_step=_NEXT_STEP
            ) from None
        return f"{url.host} answers; no alert was posted"

    def send(self, message: Message) -> None:
        """Post the message as JSON. Raises PerfPipelineError unless the webhook accepts it."""
        url = self.address.get_secret_value()
        target = f"{url.path or '/'}{f'?{url.query}' if url.query else ''}"
        with requests.Session() as session:
            session.mount(f"{url.scheme}://", _HidesTarget(target))
            try:
                # Following a redirect would turn the POST into a GET, which posts nothing.
                answer = session.post(
                    urljoin(str(url), "/"), json=message.parts, timeout=_TIMEOUT_SECONDS, allow_redirects=False
                )
            except (requests.RequestException, ValueError) as error:
                raise _failure(url, f"can't be reached ({type(error).__name__})") from None
        if not 200 <= answer.status_code < 300:
            raise _failure(url, f"answered {answer.status_code}")


class _HidesTarget(HTTPAdapter):
    """Sends requests for `/` to the target instead.

    urllib3 writes what it is asked for into its log and its errors, so it is asked for `/` and never sees the target.
    """

    def __init__(self, target: str) -> None:
        super().__init__(max_retries=_RETRY)
        self._target = target

    def get_connection_with_tls_context(self, *arguments: Any, **options: Any) -> Any:  # noqa: ANN401
        pool: Any = super().get_connection_with_tls_context(*arguments, **options)
        connect = pool.ConnectionCls

        def connect_to_target(**options: Any) -> Any:  # noqa: ANN401
            connection = connect(**options)
            put = connection.putrequest
            # Through a proxy the URL is a whole one, which ends with the `/` too.
            connection.putrequest = lambda method, url, **flags: put(method, url[:-1] + self._target, **flags)
            return connection

        pool.ConnectionCls = connect_to_target
        return pool


def _failure(url: HttpUrl, what: str) -> PerfPipelineError:
    return PerfPipelineError(
        f"The webhook at {url.host} {what}; it did not receive the alert.",
        next_step=_NEXT_STEP,
    )
