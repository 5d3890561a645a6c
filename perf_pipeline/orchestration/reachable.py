"""Checks of `perf-pipeline doctor`: is Dagster's home ours, does its daemon beat, and can alerts be delivered?"""

import os
import socket
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

from perf_pipeline.catalogue.reporting_days import LONDON
from perf_pipeline.errors import WarehouseError
from perf_pipeline.orchestration.findings import Check, Note
from perf_pipeline.orchestration.recorded_runs import recorded_runs
from perf_pipeline.orchestration.running import HOME_VARIABLE, INSTANCE_FILE, check_dagster_home
from perf_pipeline.orchestration.storage import stored_runs
from perf_pipeline.settings import Settings

_CONNECT_SECONDS = 2
_START = "perf-pipeline serve starts it; until then nothing runs by itself"


def check_home() -> str:
    """Whether DAGSTER_HOME, if it is set, holds our dagster.yaml."""
    home = os.environ.get(HOME_VARIABLE)
    if not home:
        return "not set: the commands use a folder in PERF_HOME"
    check_dagster_home(Path(home))
    return f"{home} holds the project's {INSTANCE_FILE}"


def check_storage(settings: Settings) -> str:
    """Whether Dagster's storage can be reached."""
    with stored_runs(settings) as storage:
        if storage is None:
            raise Note("it has no tables yet; the first perf-pipeline nightly makes them")
    return "it can be reached"


def check_daemons(settings: Settings) -> str:
    """Whether the daemons that launch runs report. That nothing serves is no fault; that Dagit does without them is one."""
    now = settings.now()
    recorded = recorded_runs(settings)
    silent = recorded.silent_daemons(now)
    if not silent:
        return "it is alive"
    last = max((recorded.heartbeats or {}).values(), default=None)
    seen = f"it was last alive at {last.astimezone(LONDON):%Y-%m-%d %H:%M}" if last else "it has never run here"
    if not _answers(settings.dagit_address):
        raise Note(f"{seen}. {_START}")
    raise WarehouseError(
        f"Dagit answers on {settings.dagit_address}, but {', '.join(silent)} of Dagster's daemon does not report; {seen}.",
        next_step="start dagster-daemon run with the same variables and DAGSTER_HOME, or perf-pipeline serve.",
    )


def check_alerts(settings: Settings) -> Iterator[tuple[str, Check]]:
    """A check for each channel that is set: it connects, logs in, and sends nothing."""
    if settings.alert_webhook_url is not None:
        from perf_pipeline.alerts.webhook import Webhook

        yield "PERF_ALERT_WEBHOOK_URL", Webhook(settings.alert_webhook_url).check
    if settings.smtp_url and settings.alert_email_from and settings.alert_email_to:
        from perf_pipeline.alerts.email import Mail

        yield "PERF_SMTP_URL", Mail(settings.smtp_url, settings.alert_email_from, settings.alert_email_to).check
    if settings.alert_webhook_url is None and settings.smtp_url is None:
        yield (
            "alerts",
            partial(_raise, Note("neither a webhook nor a mail server is set, so alerts are only in the log")),
        )


def _raise(note: Note) -> str:
    raise note


def _answers(address: str) -> bool:
    parts = urlsplit(address)
    port = parts.port or (443 if parts.scheme == "https" else 80)
    try:
        with socket.create_connection((parts.hostname or "", port), _CONNECT_SECONDS):
            return True
    except OSError:
        return False
