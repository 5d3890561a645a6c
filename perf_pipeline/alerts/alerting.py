"""Sending one alert for each cause, only once, however many processes find it.

Here: which alerts were already sent. Not here: what is wrong (`quality.causes`), the words (`messages`), how alerts go
out (`channels`).
"""

from collections.abc import Iterable
from datetime import UTC, date, datetime
from hashlib import sha256
from pathlib import Path

import dagster as dg
from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from perf_pipeline.alerts.channels import Channels, channels_of
from perf_pipeline.alerts.messages import Message, message_of
from perf_pipeline.errors import WarehouseError
from perf_pipeline.quality.causes import Cause
from perf_pipeline.settings import Settings
from perf_pipeline.warehouse.engine import connected, first_line
from perf_pipeline.warehouse.statements import run_sql

_SQL = Path(__file__).parent / "sql"
_log = dg.get_dagster_logger("perf_pipeline")


def alert(
    warehouse: Engine | None,
    settings: Settings,
    causes: Iterable[Cause],
    about: str,
    *,
    night: date | None = None,
    run_id: str = "",
    is_logged: bool = True,
) -> bool:
    """Send an alert for each cause that has none yet. Returns whether every cause now has one. Never raises.

    `about` names what the causes belong to: a command, a night or a run. Each `about` gets its own alert for the same
    cause; within one, a subject, check and finding make a cause. `night` is the last reporting day of the night that the
    alert is about. Links lead to the run `run_id`. Without a warehouse (None, or unreachable) every alert is sent, since
    twice is better than never. Commands that already showed the causes turn `is_logged` off.
    """
    channels = channels_of(settings, is_logged=is_logged)
    sent = [
        _send_once(warehouse, channels, message_of(cause, settings, run_id), _key(cause, about, night))
        for cause in causes
    ]
    return all(sent)


def night_is_alerted(warehouse: Engine, night: date) -> bool:
    """Whether an alert about the night was already sent. `night` is its last reporting day. Raises WarehouseError."""
    with connected(warehouse) as connection:
        return bool(run_sql(connection, _SQL / "night_is_alerted.sql", night=night).scalar_one())


def _key(cause: Cause, about: str, night: date | None) -> dict[str, object]:
    """The row of the alert. A digest keeps long findings out of the primary key."""
    return {
        "about": about,
        "night": night,
        "alert_subject": cause.subject,
        "check_name": cause.check,
        "finding_digest": sha256(cause.found.encode(errors="backslashreplace")).hexdigest()[:16],
    }


def _send_once(warehouse: Engine | None, channels: Channels, message: Message, key: dict[str, object]) -> bool:
    """Record and send in one transaction: another process with the same cause waits, then finds it recorded."""
    if warehouse is None:
        return channels.send(message)
    is_sent: bool | None = None
    try:
        with connected(warehouse) as connection, connection.begin() as recording:
            if run_sql(connection, _SQL / "record_alert.sql", **key, now=datetime.now(UTC)).first() is None:
                return True
            is_sent = channels.send(message)
            if not is_sent:
                recording.rollback()
    except (WarehouseError, SQLAlchemyError) as error:
        what = error.what if isinstance(error, WarehouseError) else f"{first_line(error)}."
        _log.warning("An alert could not be recorded, so it may be sent twice: %s", what)
    return channels.send(message) if is_sent is None else is_sent
