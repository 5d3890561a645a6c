"""A stand-in for the Sirius statistics endpoint: a real HTTP server that keeps the whole contract of DOMAIN 3.3.

Here: HTTP, paging and the two error envelopes. Not here: the counts (`channel_model`), the contract
(`sirius_contract`), which faults are played (`sirius_behaviour`).
"""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from datetime import time as clock_time
from http import HTTPStatus
from threading import Thread
from typing import Any, Final

from flask import Flask, Response, request
from werkzeug.datastructures import Headers
from werkzeug.serving import WSGIRequestHandler, make_server

from perf_pipeline.catalogue.demonstration import NOTICE, NOTICE_KEY
from perf_pipeline.catalogue.reporting_days import TIMEZONE, london_day
from perf_pipeline.demo.channel_model import SUBTYPES, counts_as_seen
from perf_pipeline.demo.sirius_behaviour import Envelope, ErrorAnswer, ReceivedRequest, SiriusBehaviour
from perf_pipeline.demo.sirius_contract import BadRequestError, check_answer, contract, query_of
from perf_pipeline.demo.sirius_signature import is_signed

PATH: Final = "/v1/statistics/lpa-applications/channels"
FIRST_DAY: Final = date(2021, 1, 1)
"""Earlier days have no rows."""

_LONGEST_SPAN_DAYS: Final = 366
_COUNTS_TAKEN_AT: Final = clock_time(0, 30, tzinfo=UTC)


@contextmanager
def sirius_server(*, today: Callable[[], date], behaviour: SiriusBehaviour | None = None) -> Iterator[str]:
    """Serve on a free port of 127.0.0.1 in a thread until the block ends. Yields the base URL.

    `today` gives the London day that the stand-in uses as the present.
    """
    app = _app(today, behaviour or SiriusBehaviour())
    server = make_server("127.0.0.1", 0, app, threaded=True, request_handler=_QuietHandler)
    thread = Thread(target=server.serve_forever, args=(0.05,), name="sirius-stand-in", daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class _QuietHandler(WSGIRequestHandler):
    def log(self, type: str, message: str, *args: object) -> None:
        """Log nothing: the terminal belongs to the pipeline."""


def _app(today: Callable[[], date], behaviour: SiriusBehaviour) -> Flask:
    app = Flask(__name__)
    contract()  # Loaded now, so that no request waits for it.

    @app.get(PATH)
    def channels() -> Response:
        fault = behaviour.meet(ReceivedRequest(request.args.to_dict(), Headers(request.headers)))
        if callable(fault):
            return fault()
        answer = _error_answer(fault) if fault else _answer(behaviour, today())
        check_answer(request, answer)
        if behaviour.edit_answer is not None and answer.status_code == 200:
            answer = _edited(answer, behaviour.edit_answer)
        return answer

    @app.errorhandler(404)
    @app.errorhandler(405)
    def elsewhere(_: Exception) -> Response:
        return _error_answer(ErrorAnswer(404, "NOTFOUND"))

    return app


def _answer(behaviour: SiriusBehaviour, today: date) -> Response:
    if behaviour.credentials is not None and not is_signed(request, *behaviour.credentials):
        return _error_answer(ErrorAnswer(403, "FORBIDDEN"))
    try:
        query = query_of(request)
    except BadRequestError as error:
        return _invalid(str(error), "list")
    first_day, last_day = query["from"], query["to"]
    if last_day < first_day:
        return _invalid("to lies before from", "single")
    if (last_day - first_day).days >= _LONGEST_SPAN_DAYS:
        return _invalid(f"from and to span more than {_LONGEST_SPAN_DAYS} days", "single")
    subtypes = (query["subtype"],) if "subtype" in query else SUBTYPES
    generated_at = datetime.combine(today, _COUNTS_TAKEN_AT) - timedelta(hours=behaviour.staleness_hours)
    rows = _rows(first_day, last_day, subtypes, behaviour, generated_at)
    page, limit = query["page"], query["limit"]
    meta = {
        "from": first_day.isoformat(),
        "to": last_day.isoformat(),
        "basis": "receiptDate",
        "timezone": TIMEZONE,
        "generatedAt": generated_at.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "dataCompleteUpTo": (london_day(generated_at) - timedelta(days=1)).isoformat(),
        "version": "1.0.0",
        "page": page,
        "limit": limit,
        "total": len(rows),
        NOTICE_KEY: NOTICE,
    }
    return _json({"data": rows[(page - 1) * limit : page * limit], "meta": meta}, 200)


def _rows(
    first_day: date, last_day: date, subtypes: tuple[str, ...], behaviour: SiriusBehaviour, generated_at: datetime
) -> list[dict[str, Any]]:
    # The day on which the counts are taken has begun, so it has a row. dataCompleteUpTo shows that it is partial.
    last_known_day = london_day(generated_at)
    first_day, last_day = max(first_day, FIRST_DAY), min(last_day, last_known_day)
    days = [first_day + timedelta(days=n) for n in range((last_day - first_day).days + 1)]
    return [
        _row(day, subtype, behaviour, generated_at)
        for day in days
        if day not in behaviour.missing_days
        for subtype in subtypes
    ]


def _row(day: date, subtype: str, behaviour: SiriusBehaviour, generated_at: datetime) -> dict[str, Any]:
    seen = counts_as_seen(day, seen_on=london_day(generated_at))
    counts = seen.counts[subtype]
    for revision in behaviour.revisions:
        if (revision.day, revision.subtype) == (day, subtype) and generated_at >= revision.revised_at:
            counts = revision.counts
    return {
        "period": day.isoformat(),
        "granularity": "day",
        "caseSubtype": subtype,
        "channels": counts.by_channel(),
        "total": counts.total + (day in behaviour.wrong_total_days),
        "status": "final" if seen.is_final else "provisional",
    }


def _invalid(detail: str, envelope: Envelope) -> Response:
    return _error_answer(ErrorAnswer(400, "INVALIDREQUEST", envelope), detail)


def _error_answer(error: ErrorAnswer, detail: str = "Played by the stand-in.") -> Response:
    code, title = f"OPGDATA-API-{error.code}", HTTPStatus(error.status).phrase
    item = {"id": "stand-in", "code": code, "title": title, "detail": detail}
    bodies: dict[Envelope, dict[str, Any]] = {
        "list": {"errors": [item]},
        "single": {"errors": item},
        "gateway": {"statusCode": error.status, "body": {"error": {"code": code, "message": title}}},
    }
    answer = _json(bodies[error.envelope], error.status)
    if error.retry_after_seconds is not None:
        answer.headers["Retry-After"] = str(error.retry_after_seconds)
    return answer


def _edited(answer: Response, edit: Callable[[dict[str, Any]], None]) -> Response:
    body = answer.get_json()
    edit(body)
    return _json(body, answer.status_code)


def _json(body: dict[str, Any], status: int) -> Response:
    return Response(json.dumps(body), status, content_type="application/json")
