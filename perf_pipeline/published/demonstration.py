"""Which published figures are made from stand-ins, and the notice about them.

The figures of an indicator of a service are demonstration data if one of the indicator's sources was ever read from a
stand-in. A release is, if any of its files is.
"""

from sqlalchemy import Connection

from perf_pipeline.catalogue.demonstration import NOTICE
from perf_pipeline.catalogue.indicators import INDICATORS, IndicatorName
from perf_pipeline.catalogue.services import Services
from perf_pipeline.catalogue.sources import sources_for
from perf_pipeline.warehouse.stand_ins import stand_ins

Demonstrated = frozenset[tuple[str, IndicatorName]]
"""Services and indicators whose figures are demonstration data. Services that were removed are among them."""


def demonstrated(connection: Connection) -> Demonstrated:
    """The services and indicators whose figures are demonstration data."""
    known = stand_ins(connection)
    return frozenset((service, name) for service, source in known for name in INDICATORS if source in sources_for(name))


def notice_on(found: Demonstrated, services: Services) -> str | None:
    """The notice for a table of all figures. If only some are demonstration data, it names them. None if there are none."""
    published = {(service.slug, indicator) for service in services for indicator in service.indicators}
    shown = found & published
    if not shown or shown == published:
        return NOTICE if shown else None
    names = ", ".join(f"{service} {indicator}" for service, indicator in sorted(shown))
    return f"{NOTICE} This is true of: {names}."
