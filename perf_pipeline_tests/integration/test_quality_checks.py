"""Every check of the catalogue: it passes on good rows, and one bad row makes it fail, and only it."""

import time
from collections.abc import Iterator
from datetime import date

import pytest
from sqlalchemy import Engine, TextClause, text

from perf_pipeline.catalogue.checks import CHECKED, CONTRACT_CHECK, KEY_CHECK, checks_of
from perf_pipeline.catalogue.columns import CHANNEL_COUNTS, RATING_COUNTS
from perf_pipeline.catalogue.datasets import COHORT_COUNTS, DATASETS, STATE_COUNTS
from perf_pipeline.catalogue.reporting_days import DayRange
from perf_pipeline.demo.embedded_postgres import EmbeddedPostgres
from perf_pipeline.quality.validating import CheckOutcome, days_written, validate
from perf_pipeline.warehouse.engine import warehouse_engine
from perf_pipeline.warehouse.migrating import migrate
from perf_pipeline.warehouse.tables import TABLES

DAY = date(2026, 5, 1)
DAYS = DayRange(DAY, DAY)
COMMON: dict[str, object] = {
    "service": "make-a-lpa",
    "report_date": DAY,
    "month_start": DAY,
    "is_provisional": False,
    "is_estimated": False,
    "days_included_count": 31,
    "days_expected_count": 31,
}
RATINGS: dict[str, object] = {
    **dict(zip(RATING_COUNTS, (6, 2, 1, 0, 1), strict=True)),
    "source": "done-page",
    "responses_count": 10,
    "satisfied_percent": 80,
    "satisfaction_score_percent": 80,
    "headline_percent": 80,
    "headline_method": "top_two_box",
}
STATES: dict[str, object] = {**dict(zip(STATE_COUNTS, (4, 6, 3, 2), strict=True)), "created_per_started_percent": 150}
COHORT: dict[str, object] = {**dict(zip(COHORT_COUNTS, (4, 3, 2), strict=True)), "cohort_completion_percent": 75}
CHANNELS: dict[str, object] = {
    **dict(zip(CHANNEL_COUNTS, (5, 1, 2, 1, 1, 0), strict=True)),
    "total_count": 10,
    "digital_take_up_percent": 60,
}
GOOD = {
    "user-satisfaction": [RATINGS],
    "completion-rate": [{"lpa_type": name, **STATES, **COHORT} for name in ("health-and-welfare", "all")],
    "digital-take-up": [{"lpa_type": name, **CHANNELS} for name in ("health-and-welfare", "all")],
}
TYPES_DIFFER = "lpa_type = 'health-and-welfare'"

SPOILING: dict[str, dict[str, str]] = {
    "user-satisfaction": {
        CONTRACT_CHECK: "source = 'a letter'",
        "counts_add_up_to_responses": (
            "responses_count = 11, satisfied_percent = 72.73, satisfaction_score_percent = 72.73, headline_percent = 73"
        ),
        "satisfied_percent_follows_from_counts": "satisfied_percent = 80.01",
        "satisfaction_score_percent_follows_from_counts": "satisfaction_score_percent = 79.99",
        "headline_percent_follows_from_counts": "headline_percent = 81",
    },
    "completion-rate": {
        CONTRACT_CHECK: "is_provisional = NULL",
        "same_day_creations_are_part_of_created": "created_same_day_count = 7",
        "created_per_started_percent_follows_from_counts": "created_per_started_percent = 100",
        "states_of_all_types_add_up": f"completed_count = completed_count + ({TYPES_DIFFER})::integer",
        "no_more_reach_a_state_than_started": "cohort_completed_count = 5",
        "cohort_completion_percent_follows_from_counts": "cohort_completion_percent = 0.75",
        "cohorts_of_all_types_add_up": f"cohort_completed_count = cohort_completed_count + ({TYPES_DIFFER})::integer",
    },
    "digital-take-up": {
        CONTRACT_CHECK: "paper_count = -2, online_count = 9, digital_take_up_percent = 100",
        "channels_add_up_to_total": "total_count = 12, digital_take_up_percent = 50",
        "digital_take_up_percent_follows_from_counts": "digital_take_up_percent = 50",
        "channels_of_all_types_add_up": (
            f"paper_count = paper_count + ({TYPES_DIFFER})::integer, phone_count = phone_count - ({TYPES_DIFFER})::integer"
        ),
    },
}
"""By indicator and check: what to SET on good rows so that this check fails."""

CASES = [(dataset, check) for dataset in CHECKED for check in checks_of(dataset)]


@pytest.fixture(scope="module")
def open_warehouse(postgres: EmbeddedPostgres) -> Iterator[Engine]:
    """A warehouse whose tables have no key and take nulls, so that the checks are all that stands in the way."""
    engine = warehouse_engine(postgres.ensure_database("without_constraints"))
    migrate(engine)
    with engine.begin() as connection:
        for name in CHECKED:
            connection.execute(text(f"ALTER TABLE perf.{name} DROP CONSTRAINT {name}_pkey"))
            for column in TABLES[name].columns:
                connection.execute(text(f"ALTER TABLE perf.{name} ALTER {column.name} DROP NOT NULL"))
    yield engine
    engine.dispose()


def fill(warehouse: Engine, dataset: str) -> None:
    """Put good rows, and nothing else, into the table."""
    table = TABLES[dataset]
    names = [column.name for column in table.columns]
    rows = [COMMON | row for row in GOOD[DATASETS[dataset].indicator or ""]]
    with warehouse.begin() as connection:
        connection.execute(table.delete())
        connection.execute(table.insert(), [{name: row[name] for name in names} for row in rows])


def spoil(warehouse: Engine, dataset: str, check: str) -> None:
    statements = {
        KEY_CHECK: f"INSERT INTO perf.{dataset} SELECT * FROM perf.{dataset}",
        "days_included_are_no_more_than_expected": f"UPDATE perf.{dataset} SET days_included_count = 32",
    } | {
        name: f"UPDATE perf.{dataset} SET {changes}"
        for name, changes in SPOILING[DATASETS[dataset].indicator or ""].items()
    }
    with warehouse.begin() as connection:
        connection.execute(text(statements[check]))


def failed(outcomes: list[CheckOutcome]) -> set[str]:
    return {outcome.name for outcome in outcomes if not outcome.passed}


@pytest.mark.parametrize("dataset", CHECKED)
def test_good_rows_pass_every_check(open_warehouse: Engine, dataset: str) -> None:
    fill(open_warehouse, dataset)
    outcomes = validate(open_warehouse, dataset, DAYS)
    assert [outcome.name for outcome in outcomes] == list(checks_of(dataset))
    assert {outcome.findings for outcome in outcomes} == {()}


@pytest.mark.parametrize(("dataset", "check"), CASES)
def test_a_bad_row_fails_its_check(open_warehouse: Engine, dataset: str, check: str) -> None:
    fill(open_warehouse, dataset)
    spoil(open_warehouse, dataset, check)
    outcomes = validate(open_warehouse, dataset, DAYS)
    assert failed(outcomes) == {check}
    (finding,) = {outcome.name: outcome for outcome in outcomes}[check].findings
    assert "could not be checked" not in finding


def test_the_rows_of_other_days_are_not_looked_at(open_warehouse: Engine) -> None:
    fill(open_warehouse, "daily_user_satisfaction")
    spoil(open_warehouse, "daily_user_satisfaction", CONTRACT_CHECK)
    later = DayRange(date(2026, 5, 2), date(2026, 6, 30))
    assert failed(validate(open_warehouse, "daily_user_satisfaction", later)) == set()


@pytest.mark.parametrize(
    ("dataset", "written"),
    [
        ("daily_user_satisfaction", DayRange(date(2026, 5, 20), date(2026, 5, 21))),
        ("daily_digital_take_up", DayRange(date(2026, 5, 20), date(2026, 5, 21))),
        ("daily_completion_rate", DayRange(date(2026, 2, 19), date(2026, 5, 21))),
        ("daily_completion_cohort", DayRange(date(2026, 2, 19), date(2026, 5, 21))),
        ("monthly_user_satisfaction", DayRange(date(2026, 5, 1), date(2026, 5, 31))),
        ("monthly_completion_rate", DayRange(date(2026, 2, 1), date(2026, 5, 31))),
    ],
)
def test_every_row_that_a_run_writes_is_looked_at(dataset: str, written: DayRange) -> None:
    assert days_written(dataset, DayRange(date(2026, 5, 20), date(2026, 5, 21))) == written


def test_a_check_that_can_not_run_did_not_pass(warehouse: Engine) -> None:
    with warehouse.begin() as connection:
        connection.execute(text("ALTER TABLE perf.daily_digital_take_up DROP COLUMN phone_count"))
    outcomes = {outcome.name: outcome for outcome in validate(warehouse, "daily_digital_take_up", DAYS)}
    assert outcomes[KEY_CHECK].passed
    crashed = outcomes["channels_add_up_to_total"]
    assert (crashed.passed, crashed.findings) == (False, ("Channels add up to total.: could not be checked",))


def test_no_check_passes_on_a_table_that_is_not_there(warehouse: Engine) -> None:
    with warehouse.begin() as connection:
        connection.execute(text("DROP TABLE perf.daily_digital_take_up"))
    assert failed(validate(warehouse, "daily_digital_take_up", DAYS)) == set(checks_of("daily_digital_take_up"))


def test_checking_leaves_no_connection_behind(open_warehouse: Engine) -> None:
    validate(open_warehouse, "daily_user_satisfaction", DAYS)
    sessions = text(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND backend_type = 'client backend'"
    )
    # A server process ends a moment after its client has gone.
    patience = time.monotonic() + 10
    while (count := _scalar(open_warehouse, sessions)) > 1 and time.monotonic() < patience:
        time.sleep(0.05)
    assert count == 1


def _scalar(warehouse: Engine, statement: TextClause) -> int:
    with warehouse.connect() as connection:
        return int(connection.execute(statement).scalar_one())
