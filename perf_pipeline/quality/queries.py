"""The catalogue's queries made ready to run: the days, each service's thresholds, and the good days put in."""

import re

from perf_pipeline.catalogue.checks import RULES, Batch, Rule
from perf_pipeline.catalogue.datasets import DATASETS
from perf_pipeline.catalogue.reporting_days import DayRange
from perf_pipeline.catalogue.services import Services
from perf_pipeline.catalogue.sources import sources_into
from perf_pipeline.catalogue.thresholds import THRESHOLDS
from perf_pipeline.warehouse.verdicts import good_periods_sql

_LIMIT = re.compile(r":limit_(\w+)")
_GOOD_PERIODS = re.compile(r":good_periods_of_(\w+)")


def rules_on(dataset: str, batch: Batch) -> list[Rule]:
    """The checks of a dataset that look at one kind of batch."""
    return [rule for rule in RULES[dataset].values() if rule.batch == batch]


def suite_name(dataset: str, batch: Batch) -> str:
    """Name of the suite, and of its page."""
    return dataset if batch == "rows" else f"{dataset}_{batch}"


def batch_sql(dataset: str, batch: Batch, days: DayRange) -> str:
    """The rows that a check's `batch` stands for."""
    entry = DATASETS[dataset]
    bounds = f"BETWEEN DATE '{days.first}' AND DATE '{days.last}'"
    if batch == "deliveries":
        sources = ", ".join(f"'{source.name}'" for source in sources_into(dataset))
        return f"SELECT * FROM perf.source_deliveries WHERE source_name IN ({sources}) AND period_start {bounds}"
    return f"SELECT * FROM perf.{dataset} WHERE {' OR '.join(f'{day} {bounds}' for day in entry.day_columns)}"


def bound(query: str, days: DayRange, services: Services) -> str:
    """A query of the catalogue with its tokens replaced."""
    query = query.replace(":first_day", f"DATE '{days.first}'").replace(":last_day", f"DATE '{days.last}'")
    query = _GOOD_PERIODS.sub(lambda found: f"({good_periods_sql(found[1])})", query)
    return _LIMIT.sub(lambda found: limit_sql(found[1], services), query)


def limit_sql(threshold: str, services: Services) -> str:
    """A threshold as SQL: one number, or by service where the services file has others."""
    usual = THRESHOLDS[threshold].value
    own = {service.slug: service.thresholds[threshold] for service in services if threshold in service.thresholds}
    cases = " ".join(f"WHEN '{slug}' THEN {value:g}" for slug, value in own.items())
    return f"(CASE service {cases} ELSE {usual:g} END)" if cases else f"{usual:g}"


def by_day_sql(rule: Rule, days: DayRange, services: Services, batch: str) -> str:
    """What a check finds in `batch`, a query, as one row for each service and day that it looks at.

    Grouped in the database, so that a million bad rows are no more to carry than one.
    """
    return (
        f"WITH batch AS ({batch}) SELECT service, report_date, bool_or(is_broken) AS is_broken,"
        " count(*) FILTER (WHERE is_broken) AS faults,"
        " coalesce(min(observed) FILTER (WHERE is_broken), min(observed)) AS observed,"
        " coalesce(min(expected) FILTER (WHERE is_broken), min(expected)) AS expected"
        f" FROM ({bound(rule.query, days, services)}) AS judged GROUP BY service, report_date"
    )
