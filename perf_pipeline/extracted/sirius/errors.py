"""The meaning of an answer of the Sirius gateway: counts, a failure to retry, or an error to report (DOMAIN 3.3).

Here: status codes and the two error envelopes. Not here: the rows (`rows`), retries (`readers/http_json`).
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from perf_pipeline.extracted.readers.http_json import Answer, Failure, Unreadable

_TRANSIENT_CODES: Final = frozenset(
    {"NOTFOUND", "THROTTLED", "QUOTA_EXCEEDED", "SERVERERROR", "UNAVAILABLE", "INTEGRATION_TIMEOUT"}
)
_TRANSIENT_STATUSES: Final = frozenset({404, 408, 429, *range(500, 600)})
_NEXT_STEPS: Final = {
    400: "Compare the request with docs/sirius-endpoint.openapi.yaml; the two sides hold different contracts.",
    401: "Check PERF_SIRIUS_AUTH and the AWS role of this process.",
    403: "Check PERF_SIRIUS_AUTH, and that the AWS role of this process may call the endpoint.",
    429: "Wait for the quota to renew, or ask the Sirius team for a larger one.",
}
_TRY_LATER: Final = "See whether Sirius is up; the next run tries again."
_CHECK_ADDRESS: Final = "Check PERF_SIRIUS_URL, then ask the Sirius team what changed."
_LONGEST_TITLE: Final = 160
_MAY_HOLD_A_SECRET: Final = re.compile(r"credential=|signature=|security-token|authorization:", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Problem:
    """The content of an error envelope: a code without prefix and a title. Each is empty when it is missing."""

    code: str
    title: str
    status: int | None = None


def judge(answer: Answer) -> dict[str, Any] | Failure:
    """The body of an answer with counts, or a failure.

    A gateway's 404 is retried like a 503. After a used-up quota the request is retried only if the answer has a Retry-After.
    """
    problem = problem_in(answer.body)
    if answer.status == 200 and problem is None:
        return _counts(answer)
    problem = problem or Problem("", "")
    # A gateway's error may have the status 200. Any other status is used as it is.
    status = problem.status if answer.status == 200 and problem.status else answer.status
    answered = f"answered {status}{_quoted(problem)}"
    if status not in _TRANSIENT_STATUSES and not (status == 200 and problem.code in _TRANSIENT_CODES):
        return Failure("permanent", answered, _NEXT_STEPS.get(status, _CHECK_ADDRESS))
    if problem.code == "QUOTA_EXCEEDED" and answer.retry_after_seconds is None:
        return Failure("later", f"{answered}: the quota is used up", _NEXT_STEPS[429])
    return Failure("repeat", answered, _NEXT_STEPS.get(status, _TRY_LATER), answer.retry_after_seconds)


def problem_in(body: object) -> Problem | None:
    """Read one of the two error envelopes, or the plain `message` of the gateway. None for any other body."""
    match body:
        case {"data": _, "meta": _}:
            return None
        case {"errors": [Mapping() as item, *_]} | {"errors": Mapping() as item}:
            return Problem(_code(item.get("code")), _title(item.get("title")))
        case {"statusCode": int(status), "body": {"error": Mapping() as item}}:
            return Problem(_code(item.get("code")), _title(item.get("message")), status)
        case {"message": str(message)} | {"Message": str(message)}:
            return Problem("", _title(message))
        case _:
            return None


def _counts(answer: Answer) -> dict[str, Any] | Failure:
    body = answer.body
    if isinstance(body, dict):
        return body
    if isinstance(body, Unreadable) and body.is_truncated:
        return Failure("repeat", "broke off its answer", _TRY_LATER)
    found = _title(answer.content_type) if isinstance(body, Unreadable) else type(body).__name__
    return Failure(
        "permanent",
        f"answered 200 with a body that is no JSON object (found: {found})",
        "Check that PERF_SIRIUS_URL is the address of the Sirius data API and not of a page or proxy before it.",
    )


def _quoted(problem: Problem) -> str:
    words = f" {problem.code}" if problem.code else ""
    return f"{words} ({problem.title})" if problem.title else words


def _code(code: object) -> str:
    plain = str(code).removeprefix("OPGDATA-API-")
    return plain if re.fullmatch(r"[A-Z_]{1,40}", plain) else ""


def _title(title: object) -> str:
    # After the first line, some AWS messages contain the whole signed request with its session token.
    first_line = next(iter(str(title or "").splitlines()), "")
    if _MAY_HOLD_A_SECRET.search(first_line):
        return ""
    return "".join(character for character in first_line if character.isprintable())[:_LONGEST_TITLE]
