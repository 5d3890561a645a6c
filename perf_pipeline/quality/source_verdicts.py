"""The asset `source_verdicts`, the last step of an extraction: was every source read, is it complete, is it in time?"""

import json
from pathlib import Path

import dagster as dg
import pandas as pd
from sqlalchemy import text

from perf_pipeline.catalogue.checks import SOURCE_RULES
from perf_pipeline.catalogue.reporting_days import last_ended_day, london_day
from perf_pipeline.catalogue.severity import Result
from perf_pipeline.catalogue.sources import SOURCES
from perf_pipeline.extracted.assets import READS_WHAT_IS_DUE
from perf_pipeline.flow.dagster_private import mark_days_failed
from perf_pipeline.flow.failures import classify_failures
from perf_pipeline.flow.flow_asset import AssetReport, flow_asset
from perf_pipeline.flow.partitions import day_range
from perf_pipeline.quality.failing import causes_of_sources, failed_sources
from perf_pipeline.systems import Systems
from perf_pipeline.warehouse.engine import connected, transaction
from perf_pipeline.warehouse.replacing import insert_frame
from perf_pipeline.warehouse.statements import run_sql
from perf_pipeline.warehouse.tables import TABLES

_SQL = Path(__file__).parent / "sql" / "sources"
MOST_DAYS_MARKED = 62
"""Marking a day takes Dagster some milliseconds; of many days the newest are marked."""


@flow_asset(deps=list(dict.fromkeys(source.extract for source in SOURCES.values())), dataset="verdicts")
def source_verdicts(context: dg.AssetExecutionContext, systems: Systems) -> AssetReport:
    """The verdicts on the sources: was each one read, does it hold every day, does it deliver in time.

    They are made at the end of every extraction, whether or not anything is built. A verdict that failed has a row for each
    day that it is about.
    """
    judge_sources(systems, context.run.run_id)
    with connected(systems.warehouse) as connection:
        failed = failed_sources(connection, systems.services)
        delivered = connection.execute(
            text("SELECT DISTINCT period_start FROM perf.source_deliveries WHERE run_id = :run_id"),
            {"run_id": context.run.run_id},
        ).scalars()
        return AssetReport(
            metadata={"days_failed": len({row.period_start for row in failed})}, days_beyond=frozenset(delivered)
        )


def judge_sources(systems: Systems, run_id: str) -> None:
    """Replace the verdicts on sources by those of now: a row for each day on which a check fails."""
    values = {"needed": json.dumps(_needed(systems)), "last_day": last_ended_day(systems.clock())}
    with transaction(systems.warehouse) as connection:
        found = [
            (*row, rule.name, rule.severity.value)
            for rule in SOURCE_RULES.values()
            for row in run_sql(connection, _SQL / f"{rule.name}.sql", **values)
        ]
        frame = pd.DataFrame(
            found, columns=["subject", "dataset", "period_start", "observed", "expected", "check_name", "severity"]
        )
        # Several sources of one dataset may break a check on the same day: a line of the finding for each of them.
        frame = frame.groupby(["dataset", "subject", "period_start", "check_name", "severity"], as_index=False)[
            ["observed", "expected"]
        ].agg("\n".join)
        frame = frame.assign(result=Result.FAILED.value, run_id=run_id, decided_at=systems.clock())
        connection.execute(
            text("DELETE FROM perf.verdicts WHERE check_name = ANY(:names)"), {"names": list(SOURCE_RULES)}
        )
        insert_frame(connection, TABLES["verdicts"], frame, list(frame.columns))


def _needed(systems: Systems) -> list[dict[str, object]]:
    """Each source that is set, with its first day and the newest day that is late if it is missing."""
    today = london_day(systems.clock())
    return [
        {
            "subject": service.slug,
            "source_name": name,
            "dataset": SOURCES[name].extract,
            "first_day": max(systems.first_day, service.first_day_of(name)).isoformat(),
            "late_up_to": SOURCES[name].cadence.late_up_to(today).isoformat(),
            "is_counted_by_source": SOURCES[name].is_counted_by_source,
        }
        for service, name in systems.services.pairs
        if systems.address(service.slug, name) is not None
    ]


def every_source_delivered(partitions: dg.DailyPartitionsDefinition) -> dg.AssetChecksDefinition:
    """The check that fails an extraction, once every source was asked and everything that came is merged."""

    @dg.asset_check(
        asset="source_verdicts",
        name="every_source_delivered",
        blocking=True,
        description="Protects from a source that is down or late, and nobody noticing. What was read is kept.",
    )
    def check(context: dg.AssetCheckExecutionContext, systems: dg.ResourceParam[Systems]) -> dg.AssetCheckResult:
        is_due = READS_WHAT_IS_DUE in context.op_execution_context.run.tags
        with classify_failures(), connected(systems.warehouse) as connection:
            causes = causes_of_sources(connection, systems.services, None if is_due else day_range(context))
            failed = failed_sources(connection, systems.services)
        first = partitions.start.date()
        for dataset in {row.dataset for row in failed}:
            days = {row.period_start for row in failed if row.dataset == dataset and row.period_start >= first}
            mark_days_failed(context, dataset, sorted(days)[-MOST_DAYS_MARKED:])
        return dg.AssetCheckResult(
            passed=not causes,
            description="\n".join(map(str, causes)) or "Every source was read and has delivered what is due.",
            metadata={"failed_sources": len({cause.subject for cause in causes})},
        )

    return check
