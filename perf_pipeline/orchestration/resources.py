"""The resource `systems`: real systems by PERF_* variables, or, with none of them set, the embedded default."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import dagster as dg
from sqlalchemy import Engine

from perf_pipeline.catalogue.services import Services, load_services
from perf_pipeline.orchestration.hash_key import check_hash_key, hash_key_of
from perf_pipeline.settings import Settings, load_settings
from perf_pipeline.sources.systems import Progress, Systems, silent
from perf_pipeline.warehouse.building import building
from perf_pipeline.warehouse.engine import check_warehouse, warehouse_engine

if TYPE_CHECKING:
    from perf_pipeline.sources.sirius import SiriusClient

SECONDS_IN_A_HURRY = 10.0
"""How long Sirius may be silent then, each of two times."""


@contextmanager
def open_systems(settings: Settings, *, progress: Progress = silent, in_a_hurry: bool = False) -> Iterator[Systems]:
    """The systems that the settings name, started where they are embedded, and stopped or closed at the end.

    `progress` is told what is being built while the stand-ins are brought up to date. In a hurry, a Sirius that does not
    answer is given up after seconds: Dagster ends a schedule's tick after a minute, and nobody waits longer for `status`.
    Raises WarehouseError when the warehouse is not there or not migrated.
    """
    # Alembic takes long to import, and loading the definitions has no use for it.
    from perf_pipeline.warehouse.migrating import check_migrated

    with ExitStack() as stack:
        is_embedded = settings.is_embedded
        systems = stack.enter_context(
            _embedded(settings, progress) if is_embedded else _configured(settings, in_a_hurry)
        )
        stack.callback(systems.warehouse.dispose)
        check_warehouse(systems.warehouse)
        check_migrated(systems.warehouse)
        check_hash_key(systems.warehouse, systems.hash_key)
        yield systems


@contextmanager
def open_warehouse(settings: Settings) -> Iterator[Engine]:
    """The warehouse alone, for who needs no source; the embedded one is started, and stopped by its last user."""
    with ExitStack() as stack:
        if settings.is_embedded:
            from perf_pipeline.demo.world import embedded_databases

            url, _ = stack.enter_context(embedded_databases(settings))
        else:
            url = _configured_warehouse(settings)
        engine = warehouse_engine(url)
        stack.callback(engine.dispose)
        yield engine


@contextmanager
def _embedded(settings: Settings, progress: Progress) -> Iterator[Systems]:
    # The stand-ins are no part of a production process.
    from perf_pipeline.demo.world import stand_in_world

    services = load_services(settings.services_file)
    with stand_in_world(settings, progress=progress) as world:
        yield Systems(
            warehouse=warehouse_engine(world.warehouse_url),
            services=services,
            service_database_urls=dict.fromkeys(_variables(services), world.lpa_database_url),
            exports_dir=world.exports_dir,
            sirius=_sirius(world.sirius_url, "none"),
            publish_dir=Path(settings.publish_dir).resolve(),
            hash_key=hash_key_of(settings),
            is_demonstration=True,
            data_docs_url=settings.data_docs_url,
        )


@contextmanager
def _configured(settings: Settings, in_a_hurry: bool) -> Iterator[Systems]:
    services = load_services(settings.services_file)
    yield Systems(
        warehouse=warehouse_engine(_configured_warehouse(settings)),
        services=services,
        service_database_urls={name: settings.database_url_named(name) for name in _variables(services)},
        exports_dir=Path(settings.feedback_exports_dir) if settings.feedback_exports_dir else None,
        sirius=_sirius(settings.sirius_url, settings.sirius_auth, in_a_hurry) if settings.sirius_url else None,
        publish_dir=Path(settings.publish_dir).resolve(),
        hash_key=hash_key_of(settings),
        is_demonstration=False,
        data_docs_url=settings.data_docs_url,
    )


def _configured_warehouse(settings: Settings) -> str:
    if settings.database_url is None:
        raise AssertionError("load_settings refuses settings with a source and no warehouse")
    return settings.database_url.get_secret_value()


def _sirius(url: str, auth: Literal["none", "sigv4"], in_a_hurry: bool = False) -> "SiriusClient":
    from perf_pipeline.sources.sirius import RetryBounds, SiriusClient

    if in_a_hurry:
        return SiriusClient(url, auth=auth, timeout_seconds=SECONDS_IN_A_HURRY, bounds=RetryBounds(tries_count=2))
    return SiriusClient(url, auth=auth)


def _variables(services: Services) -> set[str]:
    databases = [
        source for service in services for source in (service.sources.in_service, service.sources.applications)
    ]
    return {database.database for database in databases if database}


@dg.resource(description="The warehouse, the sources and the publishing folder of this process.")
def systems_resource(context: dg.InitResourceContext) -> Iterator[Systems]:
    """Open the systems for the length of a run, which waits until no other one builds.

    The commands hold the building lock themselves, around their plan and all of its runs, and hand their systems over.
    """
    note = context.log.info if context.log else silent
    with open_systems(load_settings()) as systems, building(systems.warehouse, note):
        yield systems
