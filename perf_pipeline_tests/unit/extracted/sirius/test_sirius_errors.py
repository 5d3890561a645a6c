"""Which answers of Sirius are repeated, which are refusals, and what is said about them."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from perf_pipeline.extracted.readers.http_json import Answer, Failure, Unreadable, parse_json
from perf_pipeline.extracted.sirius.errors import judge

ITEM = {"id": "1", "code": "OPGDATA-API-INVALIDREQUEST", "title": "Invalid request", "detail": "Jane Doe's file"}


def gateway(status: int, code: str, message: str = "Sorry") -> dict[str, object]:
    return {"statusCode": status, "body": {"error": {"code": f"OPGDATA-API-{code}", "message": message}}}


def failure(status: int, body: object, retry_after_seconds: float | None = None) -> Failure:
    result = judge(Answer(status, body, "application/json", retry_after_seconds))
    assert isinstance(result, Failure)
    return result


def test_a_body_with_counts_passes_through() -> None:
    body: dict[str, object] = {"data": [], "meta": {}}
    assert judge(Answer(200, body, "application/json", None)) is body


@pytest.mark.parametrize("body", [{"errors": [ITEM]}, gateway(503, "UNAVAILABLE"), Unreadable(False), None])
@pytest.mark.parametrize(
    ("kind", "statuses"),
    [
        # A 404 of the gateway is like a 503.
        ("repeat", [404, 408, 429, 500, 502, 503, 504, 599]),
        ("permanent", [301, 400, 401, 403, 405, 410, 422]),
    ],
)
def test_the_status_decides_whatever_the_body_says(kind: str, statuses: list[int], body: object) -> None:
    for status in statuses:
        assert failure(status, body).kind == kind
        assert f"answered {status}" in failure(status, body).what


@pytest.mark.parametrize(
    "body", [{"errors": [ITEM]}, {"errors": ITEM}, gateway(400, "INVALIDREQUEST", "Invalid request")]
)
def test_either_envelope_gives_code_and_title_and_never_the_detail(body: object) -> None:
    assert failure(400, body).what == "answered 400 INVALIDREQUEST (Invalid request)"


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        *((code, "repeat") for code in ("NOTFOUND", "THROTTLED", "SERVERERROR", "UNAVAILABLE", "INTEGRATION_TIMEOUT")),
        ("QUOTA_EXCEEDED", "later"),
        *((code, "permanent") for code in ("INVALIDREQUEST", "UNAUTHORISED", "FORBIDDEN")),
    ],
)
def test_an_error_under_status_200_is_known_by_its_code(code: str, kind: str) -> None:
    assert failure(200, {"errors": [{"code": f"OPGDATA-API-{code}"}]}).kind == kind


def test_a_gateway_error_under_status_200_is_known_by_its_own_status() -> None:
    assert failure(200, gateway(503, "UNAVAILABLE")).kind == "repeat"
    assert failure(200, gateway(403, "FORBIDDEN")).kind == "permanent"


def test_a_used_up_quota_is_repeated_only_when_the_answer_says_when() -> None:
    assert failure(429, gateway(429, "QUOTA_EXCEEDED")).kind == "later"
    assert "quota is used up" in failure(429, gateway(429, "QUOTA_EXCEEDED")).what
    dated = failure(429, gateway(429, "QUOTA_EXCEEDED"), retry_after_seconds=3)
    assert (dated.kind, dated.wait_seconds) == ("repeat", 3)


@pytest.mark.parametrize(
    "message",
    [
        "Does not match.\n\nThe Canonical String was\nx-amz-security-token:IQoJsecret",
        "Credential=AKIAsecret/20260501",
        "Authorization: Bearer secret",
    ],
)
def test_secrets_in_an_error_are_not_repeated(message: str) -> None:
    assert "secret" not in failure(403, {"message": message}).what
    assert "secret" not in failure(403, gateway(403, "FORBIDDEN", message)).what


@pytest.mark.parametrize("code", [None, 7, "<script>", "x" * 5000])
def test_a_strange_code_is_left_out(code: object) -> None:
    assert failure(400, {"errors": {"code": code, "title": "No"}}).what == "answered 400 (No)"


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (b"<html>Please log in</html>", "application/json"),
        (b"[]", "list"),
        (b"7", "int"),
        (b"null", "NoneType"),
        (b'"text"', "str"),
    ],
)
def test_a_body_that_is_no_json_object_is_permanent_and_names_what_was_found(content: bytes, found: str) -> None:
    result = failure(200, parse_json(content))
    assert result.kind == "permanent"
    assert f"found: {found}" in result.what


WHOLE = json.dumps({"data": [{"channels": {"online": 12, "é": -1.5e3}, "ok": True}], "meta": {"t": "a\n"}}).encode()


@given(st.integers(0, len(WHOLE) - 1))
def test_any_beginning_of_a_body_is_known_as_truncated_and_repeated(length: int) -> None:
    assert parse_json(WHOLE[:length]) == Unreadable(is_truncated=True)
    assert failure(200, parse_json(WHOLE[:length])).kind == "repeat"


@given(st.binary(max_size=200))
def test_any_body_is_either_json_or_unreadable(content: bytes) -> None:
    parsed = parse_json(content)
    assert isinstance(parsed, Unreadable) or repr(parsed) == repr(json.loads(content))


@pytest.mark.parametrize("content", [b"[" * 100_000, b'{"n": ' + b"9" * 5000 + b"}"])
def test_bodies_made_to_break_a_parser_are_unreadable(content: bytes) -> None:
    assert parse_json(content) == Unreadable(is_truncated=False)
