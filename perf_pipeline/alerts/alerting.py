"""Telling people what is wrong: one message for each cause, once, however many processes find it.

Here: what was told already. Not here: what is wrong (`quality.causes`), the words (`messages`), how they go out
(`channels`).
"""

from collections.abc import Iterable
from datetime import UTC, datetime
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

_NOTE_TOLD = Path(__file__).parent / "sql" / "note_told.sql"
_log = dg.get_dagster_logger("perf_pipeline")


def tell(
    warehouse: Engine | None,
    settings: Settings,
    causes: Iterable[Cause],
    about: str,
    *,
    run_id: str = "",
    is_logged: bool = True,
) -> bool:
    """Tell each cause unless it has been told; whether all of them are told now. Never raises for what fails on the way.

    `about` is what the causes belong to, runs asked for together or a night: the same cause of another is told again.
    Causes of one `about` are told apart by subject, check and finding. `run_id` is the run that links lead to. Without a
    warehouse (None, or one that can't be reached) everything is sent: better twice than never. `is_logged` is not for who
    has shown the causes already.
    """
    channels = channels_of(settings, is_logged=is_logged)
    told = [
        _tell_once(
            warehouse,
            channels,
            f"{about}: {cause.subject}: {cause.check}: {_digest(cause.found)}",
            message_of(cause, settings, run_id),
        )
        for cause in causes
    ]
    return all(told)


def _digest(found: str) -> str:
    """Stands for what was found: another finding of the same check is another cause."""
    return sha256(found.encode()).hexdigest()[:16]


def _tell_once(warehouse: Engine | None, channels: Channels, key: str, message: Message) -> bool:
    """Send and note it in one transaction: another process that finds the same waits, and then has nothing to tell."""
    if warehouse is None:
        return channels.send(message)
    is_sent: bool | None = None
    try:
        with connected(warehouse) as connection, connection.begin() as noting:
            if run_sql(connection, _NOTE_TOLD, cause=key, now=datetime.now(UTC)).scalar() is None:
                return True
            is_sent = channels.send(message)
            if not is_sent:
                noting.rollback()
    except (WarehouseError, SQLAlchemyError) as error:
        what = error.what if isinstance(error, WarehouseError) else f"{first_line(error)}."
        _log.warning("An alert could not be noted as told, so it may come twice: %s", what)
    return channels.send(message) if is_sent is None else is_sent
