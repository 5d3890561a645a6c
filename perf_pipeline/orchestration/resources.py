"""The resource `systems`: real systems by PERF_* variables, or, with none of them set, the embedded default."""

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path

import dagster as dg
from sqlalchemy import Engine

from perf_pipeline.catalogue.services import Services, load_services
from perf_pipeline.embedded_postgres import has_cluster
from perf_pipeline.errors import WarehouseError
from perf_pipeline.orchestration.hash_key import check_hash_key, hash_key_of
from perf_pipeline.settings import Settings, load_settings
from perf_pipeline.systems import Progress, Systems, silent
from perf_pipeline.warehouse.building import BuildingLock
from perf_pipeline.warehouse.engine import check_warehouse, transaction, warehouse_engine
from perf_pipeline.warehouse.stand_ins import record_stand_ins


@contextmanager
def open_systems(settings: Settings, *, progress: Progress = silent) -> Iterator[Systems]:
    """The systems that the settings name, started where they are embedded, and stopped or closed at the end.

    `progress` is called with what is being built while the stand-ins are brought up to date. Raises WarehouseError when the
    warehouse is not there or not migrated.
    """
    with ExitStack() as stack:
        opened = _embedded(settings, progress) if settings.is_embedded else _configured(settings)
        systems = stack.enter_context(opened)
        stack.callback(systems.warehouse.dispose)
        _check(systems)
        check_hash_key(systems.warehouse, systems.hash_key)
        yield systems


@contextmanager
def open_for_planning(settings: Settings) -> Iterator[Systems]:
    """The systems for work on the warehouse alone: no source is started or opened, and no hash key is made.

    Raises WarehouseError when there is no embedded warehouse yet.
    """
    services = load_services(settings.services_file)
    with open_warehouse(settings) as warehouse:
        systems = _systems(settings, services, warehouse, settings.addresses(services), hash_key=b"")
        _check(systems)
        yield systems


def systems_to_probe(settings: Settings, services: Services) -> Systems:
    """The sources that the settings name, whether or not there is a warehouse; the engine of that connects to nothing."""
    url = settings.database_url.get_secret_value() if settings.database_url else "postgresql+psycopg2://"
    return _systems(settings, services, warehouse_engine(url), settings.addresses(services), hash_key=b"")


def _check(systems: Systems) -> None:
    # Alembic takes long to import, and loading the definitions has no use for it.
    from perf_pipeline.warehouse.migrating import check_migrated

    check_warehouse(systems.warehouse)
    check_migrated(systems.warehouse)


@contextmanager
def open_warehouse(settings: Settings) -> Iterator[Engine]:
    """The warehouse alone; the embedded one is started, and stopped by its last user.

    Raises WarehouseError when there is no embedded warehouse yet: only commands that build make one.
    """
    with ExitStack() as stack:
        if settings.is_embedded:
            _check_world_exists(settings)
            from perf_pipeline.demo.world import embedded_databases

            url, _ = stack.enter_context(embedded_databases(settings))
        else:
            url = _configured_warehouse(settings)
        engine = warehouse_engine(url)
        stack.callback(engine.dispose)
        yield engine


def world_exists(settings: Settings) -> bool:
    """Whether there is a warehouse to look at: one that a variable names, or an embedded one that a build has made."""
    return not settings.is_embedded or has_cluster(settings.home)


def _check_world_exists(settings: Settings) -> None:
    if not world_exists(settings):
        raise WarehouseError(
            f"Nothing is built yet: there is no warehouse in {settings.home.resolve()}.",
            next_step="run perf-pipeline nightly, which makes one with stand-in sources, or set PERF_DATABASE_URL to yours.",
        )


@contextmanager
def _embedded(settings: Settings, progress: Progress) -> Iterator[Systems]:
    # The stand-ins are no part of a production process.
    from perf_pipeline.demo.world import stand_in_world

    services = load_services(settings.services_file)
    with stand_in_world(settings, progress=progress) as world:
        by_source = world.addresses
        addresses = {(service.slug, source): by_source[source] for service, source in services.pairs}
        systems = _systems(
            settings, services, warehouse_engine(world.warehouse_url), addresses, hash_key=hash_key_of(settings)
        )
        with transaction(systems.warehouse) as connection:
            # Before anything is published, even by a command that reads no source.
            record_stand_ins(connection, addresses)
        yield systems


@contextmanager
def _configured(settings: Settings) -> Iterator[Systems]:
    services = load_services(settings.services_file)
    warehouse = warehouse_engine(_configured_warehouse(settings))
    yield _systems(settings, services, warehouse, settings.addresses(services), hash_key=hash_key_of(settings))


def _systems(
    settings: Settings,
    services: Services,
    warehouse: Engine,
    addresses: Mapping[tuple[str, str], str],
    *,
    hash_key: bytes,
) -> Systems:
    return Systems(
        warehouse=warehouse,
        services=services,
        addresses=addresses,
        publish_dir=Path(settings.publish_dir).resolve(),
        data_docs_dir=settings.data_docs_dir,
        data_docs_address=settings.data_docs_address,
        first_day=settings.first_day,
        hash_key=hash_key,
        source_bounds=settings.source_bounds,
        sirius_auth=settings.sirius_auth,
        clock=settings.now,
    )


def _configured_warehouse(settings: Settings) -> str:
    if settings.database_url is None:
        raise AssertionError("load_settings refuses settings with a source and no warehouse")
    return settings.database_url.get_secret_value()


@dg.resource(description="The warehouse, the sources and the publishing folder of this process.")
def systems_resource(context: dg.InitResourceContext) -> Iterator[Systems]:
    """Open the systems for the length of a run. Its first build waits until no other run builds; its reading does not.

    The commands hold the building lock themselves, around their plan and all of its builds, and pass their systems.
    """
    note = context.log.info if context.log else silent
    with open_systems(load_settings()) as systems, BuildingLock(systems.warehouse, note) as lock:
        yield replace(systems, lock_building=lock.acquire)
