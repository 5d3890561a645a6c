"""Which published figures are made from stand-ins, and the notice about them.

The figures of an indicator of a service are demonstration data if one of the indicator's sources was ever read from a
stand-in. A release is, if any of its files is.
"""

from sqlalchemy import Connection

from perf_pipeline.catalogue.demonstration import NOTICE
from perf_pipeline.catalogue.indicators import IndicatorName
from perf_pipeline.catalogue.services import Services
from perf_pipeline.catalogue.sources import sources_for
from perf_pipeline.warehouse.stand_ins import stand_ins

Demonstrated = frozenset[tuple[str, IndicatorName]]
"""Services and indicators whose figures are demonstration data."""


def demonstrated(connection: Connection, services: Services) -> Demonstrated:
    """The services and indicators whose figures are demonstration data."""
    known = stand_ins(connection)
    return frozenset(
        (service.slug, indicator)
        for service in services
        for indicator in service.indicators
        if any((service.slug, source) in known for source in sources_for(indicator))
    )


def notice_on(found: Demonstrated, services: Services) -> str | None:
    """The notice for a table of all figures. If only some are demonstration data, it names them. None if there are none."""
    published = {(service.slug, indicator) for service in services for indicator in service.indicators}
    if not found or found == published:
        return NOTICE if found else None
    names = ", ".join(f"{service} {indicator}" for service, indicator in sorted(found))
    return f"{NOTICE} This is true of: {names}."
