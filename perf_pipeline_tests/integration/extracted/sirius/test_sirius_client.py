"""The Sirius client against the stand-in over real HTTP."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

from perf_pipeline.demo.channel_model import ChannelCounts, settled_counts
from perf_pipeline.demo.sirius_behaviour import Revision, SiriusBehaviour
from perf_pipeline.demo.sirius_server import sirius_server
from perf_pipeline.extracted.sirius.client import ChannelCountDelivery, SiriusClient
from perf_pipeline_tests.sirius import TODAY

YESTERDAY = TODAY - timedelta(days=1)
LPA_TYPES = {"hw": "health-and-welfare", "pfa": "property-and-financial"}


def totals(delivery: ChannelCountDelivery) -> dict[tuple[date, str], int]:
    return {(row.report_date, row.lpa_type): row.total_count for row in delivery.rows}


def test_a_month_is_read_with_every_channel_of_every_day(sirius_url: str) -> None:
    delivery = SiriusClient(f"{sirius_url}/").channel_counts(date(2026, 5, 1), date(2026, 5, 31))
    assert len(delivery.rows) == delivery.rows_read_count == 62
    assert delivery.rejected == ()
    subtypes = {lpa_type: subtype for subtype, lpa_type in LPA_TYPES.items()}
    for row in delivery.rows:
        channels = settled_counts(row.report_date)[subtypes[row.lpa_type]].by_channel()
        assert {name: getattr(row, f"{name}_count") for name in channels} == channels
        assert row.is_final


def test_a_long_range_is_read_in_spans_and_pages_without_losing_a_row(
    sirius_url: str, behaviour: SiriusBehaviour
) -> None:
    first_day = date(2024, 1, 1)
    delivery = SiriusClient(sirius_url).channel_counts(first_day, YESTERDAY)
    days_count = (YESTERDAY - first_day).days + 1
    assert len(totals(delivery)) == len(delivery.rows) == 2 * days_count
    spans = {(asked.query["from"], asked.query["to"]) for asked in behaviour.received}
    assert spans == {("2024-01-01", "2024-12-31"), ("2025-01-01", "2026-01-01"), ("2026-01-02", "2026-09-09")}
    assert max(int(asked.query["page"]) for asked in behaviour.received) == 8


def test_a_range_that_is_not_known_yet_gives_no_rows_and_no_error(sirius_url: str) -> None:
    delivery = SiriusClient(sirius_url).channel_counts(TODAY, TODAY + timedelta(days=400))
    assert delivery.rows == ()
    assert delivery.data_complete_up_to == YESTERDAY


def test_the_earliest_completeness_of_all_answers_counts(sirius_url: str, behaviour: SiriusBehaviour) -> None:
    def older_on_page_two(body: dict[str, Any]) -> None:
        if body["meta"]["page"] == 2:
            body["meta"] |= {"dataCompleteUpTo": "2026-09-01", "generatedAt": "2026-09-02T00:30:00Z"}

    behaviour.edit_answer = older_on_page_two
    delivery = SiriusClient(sirius_url).channel_counts(date(2026, 7, 1), YESTERDAY)
    assert delivery.data_complete_up_to == date(2026, 9, 1)
    assert max(row.report_date for row in delivery.rows) == date(2026, 9, 1)
    assert delivery.generated_at == datetime(2026, 9, 2, 0, 30, tzinfo=UTC)


def test_a_revision_is_known_from_its_instant_on() -> None:
    day = date(2026, 3, 2)
    counts = ChannelCounts(online=1, assisted=2, paper=3, phone=4, other=5, unknown=6)
    revision = Revision(day, "hw", counts, datetime(2026, 9, 10, tzinfo=UTC))
    days = iter([date(2026, 9, 9), date(2026, 9, 10)])
    behaviour = SiriusBehaviour(hiccup_every=0, revisions=(revision,))
    with sirius_server(today=lambda: next(days), behaviour=behaviour) as sirius_url:
        before, after = (totals(SiriusClient(sirius_url).channel_counts(day, day)) for _ in range(2))
    assert before[day, "health-and-welfare"] == settled_counts(day)["hw"].total
    assert after[day, "health-and-welfare"] == 21
    assert before[day, "property-and-financial"] == after[day, "property-and-financial"]


def test_the_demonstration_hiccups_cost_a_nightly_window_less_than_two_seconds() -> None:
    behaviour = SiriusBehaviour()
    with sirius_server(today=lambda: TODAY, behaviour=behaviour) as sirius_url:
        started = datetime.now(UTC)
        delivery = SiriusClient(sirius_url).channel_counts(TODAY - timedelta(days=400), YESTERDAY)
        took = datetime.now(UTC) - started
    assert len(delivery.rows) == 800
    assert len(behaviour.received) == 10
    assert took < timedelta(seconds=2)
