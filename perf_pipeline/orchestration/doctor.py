"""What `perf-pipeline doctor` examines: every setting and system, one by one, each finding with what to do about it.

Nothing is started, made or sent. Here: settings, folders and the warehouse. Not here: Dagster and alerts (`reachable`).
"""

import sys
import tempfile
from collections.abc import Callable, Collection, Iterator
from contextlib import ExitStack
from functools import partial
from pathlib import Path

from sqlalchemy import text

from perf_pipeline.catalogue.services import Service, Services, load_services
from perf_pipeline.catalogue.sources import SOURCES
from perf_pipeline.errors import NEXT_STEP, PerfPipelineError, PublishingError, SettingsError, WarehouseError
from perf_pipeline.extracted.probing import PROBES
from perf_pipeline.orchestration.findings import Check, Finding, Note, examined
from perf_pipeline.orchestration.hash_key import check_hash_key, existing_hash_key
from perf_pipeline.orchestration.reachable import check_alerts, check_daemons, check_home, check_storage
from perf_pipeline.orchestration.resources import open_for_planning, systems_to_probe, world_exists
from perf_pipeline.settings import ENV_FILE, Settings, examine_settings, unknown_variables
from perf_pipeline.systems import Systems, silent
from perf_pipeline.warehouse.engine import address_of, connected

_ADDRESSES = {"PERF_DATABASE_URL", "PERF_LPA_DATABASE_URL", "PERF_SIRIUS_URL", "PERF_FEEDBACK_EXPORTS_DIR"}
_NOT_EXAMINED = "not examined: correct what is wrong above first"


def examine(running: Callable[[str], None] = silent) -> Iterator[Finding]:
    """Examine everything that can be examined; `running` is called with what is examined next.

    A wrong setting is as if it were not set, and what rests on it is not examined.
    """
    yield Finding("Python", "right", ".".join(map(str, sys.version_info[:3])))
    try:
        settings, faults = examine_settings()
    except PerfPipelineError as error:
        yield Finding(str(ENV_FILE), "wrong", str(error))
        return
    if ENV_FILE.is_file():
        yield Finding(str(ENV_FILE), "right", f"{ENV_FILE.resolve()} is read; what the environment sets wins")
    for variable in unknown_variables():
        yield Finding(variable, "wrong", f"nothing reads it. {NEXT_STEP} correct its name, or unset it.")
    for fault in faults:
        what = fault.what.removeprefix(f"{fault.variable} ")
        yield Finding(fault.variable, "wrong", f"{what}. {NEXT_STEP} {fault.next_step}")
    if not faults:
        mode = "the embedded default" if settings.is_embedded else "the systems that PERF_* variables name"
        yield Finding("settings", "right", mode)
    wrong = frozenset(fault.variable for fault in faults)
    checks: list[tuple[str, Check]] = [
        ("hash key", partial(_hash_key, settings)),
        ("DAGSTER_HOME", check_home),
        ("PERF_PUBLISH_DIR", partial(_publish_dir, Path(settings.publish_dir).resolve())),
        *check_alerts(settings),
    ]
    for subject, check in checks:
        if subject not in wrong:
            running(subject)
            yield examined(subject, check)
    for subject, check in _of_systems(settings, wrong):
        running(subject)
        yield examined(subject, check)


def _of_systems(settings: Settings, wrong: Collection[str]) -> Iterator[tuple[str, Check]]:
    """The services, the warehouse and what rests on it, and every source."""
    try:
        services = load_services(settings.services_file)
    except SettingsError as error:
        yield "services", partial(_raise, error)
        return
    yield "services", lambda: ", ".join(service.slug for service in services)
    is_made_up = settings.is_embedded and bool(_ADDRESSES & set(wrong))
    if (settings.database_url is None and not settings.is_embedded) or is_made_up:
        yield "warehouse", partial(_raise, Note(_NOT_EXAMINED))
    elif not world_exists(settings):
        yield "warehouse", partial(_raise, Note("not made yet; perf-pipeline nightly makes it"))
    else:
        yield from _of_warehouse(settings)
    for service, source in services.pairs:
        variables = {f"PERF_{(SOURCES[source].setting or '').upper()}", service.sources[source].database}
        subject = f"{service.slug}, {source}"
        if is_made_up or variables & set(wrong):
            yield subject, partial(_raise, Note(_NOT_EXAMINED))
        elif settings.is_embedded:
            yield subject, lambda: "a stand-in; the commands that build start it"
        else:
            yield subject, partial(_source, settings, services, service, source)


def _of_warehouse(settings: Settings) -> Iterator[tuple[str, Check]]:
    with ExitStack() as stack:
        try:
            systems = stack.enter_context(open_for_planning(settings))
        except PerfPipelineError as error:
            yield "warehouse", partial(_raise, error)
            return
        yield "warehouse", lambda: address_of(systems.warehouse.url.render_as_string(hide_password=False))
        yield "rights in the warehouse", partial(_rights, systems)
        yield "hash key of the warehouse", partial(_fingerprint, settings, systems)
        yield "Dagster's storage", partial(check_storage, settings)
        yield "Dagster's daemon", partial(check_daemons, settings)


def _raise(finding: Exception) -> str:
    raise finding


def _hash_key(settings: Settings) -> str:
    key = existing_hash_key(settings)
    if key is None:
        raise Note(f"not made yet; the first perf-pipeline nightly makes it in {settings.home.resolve()}")
    return f"{len(key)} bytes"


def _fingerprint(settings: Settings, systems: Systems) -> str:
    key = existing_hash_key(settings)
    if key is None:
        raise Note("not made yet")
    check_hash_key(systems.warehouse, key, is_remembered=False)
    return "it is the one that the warehouse was filled with, or nothing is in it yet"


def _rights(systems: Systems) -> str:
    with connected(systems.warehouse) as connection:
        may_stage = connection.execute(
            text("SELECT has_database_privilege(current_database(), 'TEMPORARY')")
        ).scalar_one()
    if not may_stage:
        raise WarehouseError(
            "The user of PERF_DATABASE_URL may not make temporary tables, in which every extract is staged.",
            next_step="GRANT TEMPORARY ON DATABASE … TO it.",
        )
    return "temporary tables can be made"


def _source(settings: Settings, services: Services, service: Service, source: str) -> str:
    systems = systems_to_probe(settings, services)
    address = systems.address(service.slug, source)
    if address is None:
        return "not set: the figures from it are not available [x]"
    return PROBES[source](systems, service, address)


def _publish_dir(folder: Path) -> str:
    nearest = next(path for path in (folder, *folder.parents) if path.exists())
    try:
        with tempfile.TemporaryFile(dir=nearest):
            return f"{folder} can be {'written to' if nearest == folder else 'made'}"
    except OSError as error:
        raise PublishingError(
            f"{nearest} can't be written to: {error.strerror}.",
            next_step="set PERF_PUBLISH_DIR to a folder that this user may write to.",
        ) from None
