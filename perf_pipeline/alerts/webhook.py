"""Posting an alert to an incoming webhook, Slack's and Teams' among them.

The address of a webhook is a secret: whoever knows it may post. Messages name its host alone.
"""

import logging
import time
from collections.abc import Callable
from typing import Final
from urllib.parse import urlsplit

import requests
from pydantic import SecretStr

from perf_pipeline.alerts.messages import Message
from perf_pipeline.errors import PerfPipelineError

_TIMEOUT_SECONDS: Final = (5.0, 10.0)
_WORTH_ANOTHER_TRY: Final = {429, 500, 502, 503, 504}
# Not as long as a webhook may ask for: a sensor has a minute.
_PAUSES_SECONDS: Final = (0.5, 2.0)

# It writes the address of each request at level DEBUG, and urllib3's own retries would write it as a warning.
logging.getLogger("urllib3.connectionpool").setLevel(logging.INFO)


def webhook(address: SecretStr) -> Callable[[Message], None]:
    """The function that posts a message as JSON to `address`. It raises PerfPipelineError when that fails."""

    def send(message: Message) -> None:
        url = address.get_secret_value()
        for pause_seconds in _PAUSES_SECONDS:
            failure, is_worth_another_try = _posted(url, message)
            if not is_worth_another_try:
                break
            time.sleep(pause_seconds)
        else:
            failure, _ = _posted(url, message)
        if failure:
            raise PerfPipelineError(
                f"The webhook at {urlsplit(url).hostname} {failure}; the alert did not go out by it.",
                next_step="check PERF_ALERT_WEBHOOK_URL and that what it leads to is up.",
            )

    return send


def _posted(url: str, message: Message) -> tuple[str, bool]:
    """Post once; what went wrong, empty for nothing, and whether it may go well another time."""
    try:
        # A redirect would turn the POST into a GET that tells nobody.
        answer = requests.post(url, json=message.parts, timeout=_TIMEOUT_SECONDS, allow_redirects=False)
    except (requests.RequestException, ValueError) as error:
        return f"can't be reached ({type(error).__name__})", isinstance(
            error, requests.ConnectionError | requests.Timeout
        )
    if 200 <= answer.status_code < 300:
        return "", False
    return f"answered {answer.status_code}", answer.status_code in _WORTH_ANOTHER_TRY
