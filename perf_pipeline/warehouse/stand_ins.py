"""Which sources of which services were ever read from a stand-in. The warehouse keeps this for good.

Nobody can separate the figures of a stand-in from those of the real system once both are in the same series. So a source
that was read from a stand-in once stays marked, even if it is later read from the real system.
"""

from collections.abc import Iterable

from sqlalchemy import Connection, select
from sqlalchemy.dialects.postgresql import insert

from perf_pipeline.warehouse.tables import WAREHOUSE_FACTS

_FACT = "read from a stand-in: "


def record_stand_ins(connection: Connection, pairs: Iterable[tuple[str, str]]) -> None:
    """Remember that these sources, as service and source, were read from stand-ins."""
    facts = [{"name": f"{_FACT}{service} {source}", "value": "yes"} for service, source in pairs]
    if facts:
        connection.execute(insert(WAREHOUSE_FACTS).on_conflict_do_nothing(), facts)


def stand_ins(connection: Connection) -> frozenset[tuple[str, str]]:
    """The sources that were ever read from a stand-in, as service and source."""
    name = WAREHOUSE_FACTS.c.name
    found = connection.execute(select(name).where(name.startswith(_FACT))).scalars()
    pairs = (fact.removeprefix(_FACT).split(" ") for fact in found)
    return frozenset((service, source) for service, source in pairs)
