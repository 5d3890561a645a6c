"""Client of the Sirius statistics endpoint: LPA applications by day, subtype and channel (DOMAIN 3.3).

Here: the address, and the delivery made from all pages. Not here: following the pages (`pages`), reading one page
(`rows`), error answers (`errors`), retries (`readers/http_json`), signatures (`readers/http_sigv4`).
"""

import ipaddress
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final, Literal
from urllib.parse import SplitResult, urlsplit

import requests
from requests.auth import AuthBase

from perf_pipeline.errors import SettingsError, UsageError
from perf_pipeline.extracted.readers.http_json import JsonEndpoint, RetryBounds
from perf_pipeline.extracted.sirius.errors import judge
from perf_pipeline.extracted.sirius.pages import read_pages
from perf_pipeline.extracted.sirius.rows import ChannelCountRow, Page, RejectedRow, without_duplicates
from perf_pipeline.source_bounds import Deadline, SourceBounds

__all__ = ["ChannelCountDelivery", "ChannelCountRow", "RejectedRow", "RetryBounds", "SiriusClient"]

_PATH: Final = "/v1/statistics/lpa-applications/channels"
_SERVICE: Final = "execute-api"
_REGION: Final = "eu-west-1"


@dataclass(frozen=True, slots=True)
class ChannelCountDelivery:
    """The counts of the requested days.

    `rows` end at `data_complete_up_to` and are ordered by day and type. A day or type without a row is not known yet.
    `rejected` are the unusable rows of those days. `rows_read_count` counts every received row, later days included.
    `generated_at` is the instant (UTC) of the oldest counts.
    """

    rows: tuple[ChannelCountRow, ...]
    rejected: tuple[RejectedRow, ...]
    data_complete_up_to: date
    generated_at: datetime
    rows_read_count: int
    is_stand_in: bool


class SiriusClient:
    """Reads channel counts from the gateway at `base_url`.

    `timeout_seconds` limits the wait for the next bytes of an answer, `bounds` the tries of one request, and `deadline`
    the whole reading. With `auth="sigv4"` every try gets a new signature, with credentials from botocore's usual places.
    Raises SettingsError for an unusable address.
    """

    def __init__(
        self,
        base_url: str,
        *,
        auth: Literal["none", "sigv4"] = "none",
        timeout_seconds: float = 30.0,
        bounds: RetryBounds | None = None,
        deadline: Deadline | None = None,
    ) -> None:
        address = _address(base_url)
        self._is_local = _is_loopback(address.hostname)
        if auth == "sigv4" and address.scheme != "https" and not self._is_local:
            raise SettingsError(
                f"PERF_SIRIUS_URL uses http for {address.hostname}; signed requests go over https only.",
                next_step="Set PERF_SIRIUS_URL to an address that begins with https://.",
            )
        self._base_url = f"{address.scheme}://{address.netloc}{address.path.rstrip('/')}"
        self._auth = _signature() if auth == "sigv4" else _Unsigned()
        self._timeout_seconds = timeout_seconds
        self._bounds = bounds or RetryBounds()
        self._deadline = deadline or SourceBounds().deadline()

    def channel_counts(self, first_day: date, last_day: date) -> ChannelCountDelivery:
        """Read the days from `first_day` to `last_day`, both inclusive, in as many requests as needed.

        Raises UsageError when the days are reversed, TransientSourceError when Sirius is down, throttles or keeps changing
        between pages, PermanentSourceError when it refuses or breaks the contract, and SettingsError when credentials for
        signing are missing.
        """
        if last_day < first_day:
            raise UsageError(
                f"Channel counts were asked from {first_day} to {last_day}.", next_step="Swap the two days."
            )
        with requests.Session() as session:
            # requests would use a proxy from the environment even for a server on this machine.
            session.trust_env = not self._is_local
            endpoint = JsonEndpoint(
                session,
                self._base_url + _PATH,
                name=f"Sirius at {self._base_url}",
                auth=self._auth,
                timeout_seconds=self._timeout_seconds,
                bounds=self._bounds,
                judge=judge,
                deadline=self._deadline,
            )
            pages = read_pages(endpoint, first_day, last_day)
        return _delivery(pages)


class _Unsigned(AuthBase):
    """Sends requests unchanged. Without this class, requests would take a password from ~/.netrc."""

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        return request


def _signature() -> AuthBase:
    # botocore is slow to import, and the default set-up does not need it.
    from perf_pipeline.extracted.readers.http_sigv4 import SignatureVersion4

    return SignatureVersion4(_SERVICE, _REGION)


def _address(base_url: str) -> SplitResult:
    try:
        address = urlsplit(base_url.strip())
        is_usable = address.scheme in ("http", "https") and bool(address.hostname) and address.port != 0
    except ValueError:
        is_usable = False
    # The message does not show the value, which may contain a password.
    if not is_usable:
        raise SettingsError(
            "PERF_SIRIUS_URL is no web address; expected http:// or https://, a host and perhaps a path.",
            next_step="Correct PERF_SIRIUS_URL, for example https://sirius.example/v1-gateway.",
        )
    if "@" in address.netloc or address.query or address.fragment:
        raise SettingsError(
            "PERF_SIRIUS_URL holds a user name, a password or a query; expected an address alone.",
            next_step="Remove them; PERF_SIRIUS_AUTH says how requests are authorised.",
        )
    return address


def _is_loopback(host: str | None) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host or "").is_loopback
    except ValueError:
        return False


def _delivery(pages: list[Page]) -> ChannelCountDelivery:
    complete_up_to = min(page.data_complete_up_to for page in pages)
    rows, rejected = without_duplicates(row for page in pages for row in page.rows)
    return ChannelCountDelivery(
        rows=tuple(
            sorted(
                (row for row in rows if row.report_date <= complete_up_to),
                key=lambda row: (row.report_date, row.lpa_type),
            )
        ),
        rejected=tuple(row for row in rejected if row.report_date is None or row.report_date <= complete_up_to),
        data_complete_up_to=complete_up_to,
        generated_at=min(page.generated_at for page in pages),
        rows_read_count=sum(len(page.rows) for page in pages),
        is_stand_in=any(page.is_stand_in for page in pages),
    )
