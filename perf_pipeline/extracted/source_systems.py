"""External assets for the sources: the start of the lineage in Dagit, one for each source of the catalogue."""

from collections.abc import Mapping

import dagster as dg
from sqlalchemy.engine import make_url

from perf_pipeline.catalogue.sources import SOURCES, Source
from perf_pipeline.extracted.attempting import EXTRACTORS
from perf_pipeline.flow.flow_asset import code_of

STAND_IN = "a stand-in of this program"
NOT_SET = "not set: its figures are not available"


def source_assets(addresses: Mapping[tuple[str, str], str], *, is_embedded: bool) -> list[dg.AssetSpec]:
    """The sources with their addresses, by service and source. An address never shows a user or a password."""
    return [
        dg.AssetSpec(
            source.asset,
            group_name="sources",
            description=f"{source.description}\n\nExpected: {source.cadence.meaning}.",
            kinds={source.kind},
            owners=[source.owner],
            metadata={
                "address": STAND_IN if is_embedded else _address(source, addresses),
                "expected": source.cadence.meaning,
                "read_again": _read_again(source),
                "dagster/code_references": code_of(EXTRACTORS[source.name], EXTRACTORS[source.name].__name__),
            },
        )
        for source in SOURCES.values()
    ]


def _address(source: Source, addresses: Mapping[tuple[str, str], str]) -> str:
    found = {shown(address) for (_, name), address in addresses.items() if name == source.name}
    return ", ".join(sorted(found)) or NOT_SET


def shown(address: str) -> str:
    """A folder as it is; of a URL only scheme, host, port and path. The rest of a URL may hold secrets."""
    if "://" not in address:
        return address
    url = make_url(address)
    host = url.host or url.query.get("host") or ""
    port = f":{url.port}" if url.port else ""
    return f"{url.get_backend_name()}://{host}{port}/{url.database or ''}".rstrip("/")


def _read_again(source: Source) -> str:
    return f"the newest {source.window_days} days, every night" if source.window_days else "when a file changes"
