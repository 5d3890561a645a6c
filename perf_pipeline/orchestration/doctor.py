"""What `perf-pipeline doctor` examines: every setting and system, one by one, each finding with what to do about it."""

import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial

from sqlalchemy import text

from perf_pipeline.catalogue.services import Service, load_services
from perf_pipeline.errors import NEXT_STEP, PerfPipelineError, PublishingError, WarehouseError
from perf_pipeline.extracted.probing import PROBES
from perf_pipeline.orchestration.hash_key import hash_key_of
from perf_pipeline.orchestration.resources import open_systems
from perf_pipeline.settings import Settings, load_settings, unknown_variables
from perf_pipeline.systems import Systems
from perf_pipeline.warehouse.engine import address_of, connected, warehouse_engine


@dataclass(frozen=True)
class Finding:
    """One thing that was examined."""

    subject: str
    is_right: bool
    says: str


def examine() -> Iterator[Finding]:
    """Examine from the ground up; what rests on something that is not right is not examined."""
    version = ".".join(map(str, sys.version_info[:3]))
    yield Finding("Python", True, version)
    for variable in unknown_variables():
        yield Finding(variable, False, f"nothing reads it. {NEXT_STEP} correct its name, or unset it.")
    try:
        settings = load_settings()
        services = load_services(settings.services_file)
    except PerfPipelineError as error:
        yield Finding("settings", False, str(error))
        return
    mode = "the embedded default" if settings.is_embedded else "the systems that PERF_* variables name"
    yield Finding("settings", True, f"{mode}; services {', '.join(service.slug for service in services)}")
    key = _examined("hash key", partial(_hash_key, settings))
    yield key
    if not key.is_right:
        return
    with ExitStack() as stack:
        try:
            systems = stack.enter_context(open_systems(settings))
        except PerfPipelineError as error:
            yield Finding("warehouse", False, str(error))
            return
        yield Finding("warehouse", True, _warehouse(systems))
        for subject, check in _checks(settings, systems):
            yield _examined(subject, check)


def _examined(subject: str, check: Callable[[], str]) -> Finding:
    try:
        return Finding(subject, True, check())
    except PerfPipelineError as error:
        return Finding(subject, False, str(error))


def _checks(settings: Settings, systems: Systems) -> Iterator[tuple[str, Callable[[], str]]]:
    yield "rights in the warehouse", partial(_rights, systems)
    yield "Dagster's storage", partial(_storage, settings)
    for service, source in systems.services.pairs:
        yield f"{service.slug}, {source}", partial(_source, systems, service, source)
    yield "PERF_PUBLISH_DIR", partial(_publish_dir, systems)


def _hash_key(settings: Settings) -> str:
    return f"{len(hash_key_of(settings))} bytes"


def _warehouse(systems: Systems) -> str:
    return address_of(systems.warehouse.url.render_as_string(hide_password=False))


def _rights(systems: Systems) -> str:
    with connected(systems.warehouse) as connection:
        may_stage = connection.execute(
            text("SELECT has_database_privilege(current_database(), 'TEMPORARY')")
        ).scalar_one()
    if not may_stage:
        raise WarehouseError(
            "The user of PERF_DATABASE_URL may not make temporary tables, which every extract is staged in.",
            next_step="GRANT TEMPORARY ON DATABASE … TO it.",
        )
    return "temporary tables can be made"


def _storage(settings: Settings) -> str:
    from perf_pipeline.orchestration.storage import dagster_url

    engine = warehouse_engine(dagster_url(settings))
    with connected(engine) as connection:
        connection.execute(text("SELECT 1"))
    engine.dispose()
    return address_of(engine.url.render_as_string(hide_password=False))


def _source(systems: Systems, service: Service, source: str) -> str:
    address = systems.address(service.slug, source)
    if address is None:
        return "not set: the figures from it are not available [x]"
    return PROBES[source](systems, service, address)


def _publish_dir(systems: Systems) -> str:
    try:
        systems.publish_dir.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=systems.publish_dir):
            return f"{systems.publish_dir} can be written to"
    except OSError as error:
        raise PublishingError(
            f"{systems.publish_dir} can't be written to: {error.strerror}.",
            next_step="set PERF_PUBLISH_DIR to a folder that this user may write to.",
        ) from None
