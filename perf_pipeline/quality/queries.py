"""The SQL of the checks, made ready to run: `{placeholders}` filled from the catalogue, the days and the services.

Any file of `sql/checks/` may refer to:

    {dataset} {subject} {day}   the table, and its columns of the subject and of the day or month
    {key}                       the columns of its key
    {dimension} {total}         the column of its dimension, and the value of the row that sums the others
    {compared}                  the values of the dimension that are compared from day to day: the total, else all
    {contract_observed} {contract_expected}  its contract, by `quality.contract`
    {sources} {extracts}        the sources that deliver for it, and the extracts that they are merged into
    {first_day} {last_day}      the range, as dates
    {limit_NAME}                a threshold of the catalogue, for the row's `subject`
    {good_days}                 the rows of the dataset {daily} that months are made from

and to what its entry in the catalogue gives for the dataset; `{NAME_quoted}` are columns as texts, and `{NAME_counted}` what
each of them counts. These are names and
numbers of the catalogue and of the validated services file: nothing that comes from a source is put into SQL.
"""

from collections.abc import Iterable
from functools import cache
from pathlib import Path

from perf_pipeline.catalogue.checks import Rule
from perf_pipeline.catalogue.columns import COLUMNS
from perf_pipeline.catalogue.datasets import DATASETS, Dataset, Stage
from perf_pipeline.catalogue.reporting_days import DayRange
from perf_pipeline.catalogue.services import Services
from perf_pipeline.catalogue.sources import SOURCES, sources_for, sources_into
from perf_pipeline.catalogue.thresholds import THRESHOLDS
from perf_pipeline.quality.contract import contract_arms
from perf_pipeline.warehouse.verdicts import good_periods_sql

_SQL = Path(__file__).parent / "sql"


def findings_sql(rule: Rule, dataset: str, days: DayRange, services: Services) -> str:
    """What a check finds in a dataset on the days: the SQL of findings_by_day.sql around that of the check."""
    placeholders = _placeholders(rule, DATASETS[dataset], days, services)
    check = _text(_SQL / "checks" / f"{rule.sql or rule.name}.sql").format_map(placeholders)
    return _text(_SQL / "findings_by_day.sql").format_map({**placeholders, "check": check})


@cache
def _text(file: Path) -> str:
    return file.read_text(encoding="utf-8").rstrip()


def sources_of(entry: Dataset) -> list[str]:
    """Names of the sources that a dataset holds, or is made from."""
    if entry.stage is Stage.EXTRACTED:
        return [source.name for source in sources_into(entry.name)]
    return list(sources_for(entry.indicator)) if entry.indicator else []


def _placeholders(rule: Rule, entry: Dataset, days: DayRange, services: Services) -> dict[str, str]:
    return {
        **_of_rule(rule, entry.name, services),
        **_of_dataset(entry),
        **_of_days(entry, days),
        "subjects": _quoted(service.slug for service in services),
        "is_kept": "true" if rule.shows_observed else "is_broken",
    }


def _of_rule(rule: Rule, dataset: str, services: Services) -> dict[str, str]:
    filled = {f"limit_{threshold}": _limit(threshold, services) for threshold in rule.thresholds}
    for name, value in rule.on[dataset].items():
        if isinstance(value, str):
            filled[name] = value
        else:
            counted = (COLUMNS[column].counted for column in value)
            filled |= {name: ", ".join(value), f"{name}_quoted": _quoted(value), f"{name}_counted": _quoted(counted)}
    if "daily" in filled:
        filled["good_days"] = good_periods_sql(filled["daily"])
    return filled


def _of_dataset(entry: Dataset) -> dict[str, str]:
    sources = sources_of(entry)
    observed, expected = contract_arms(entry)
    filled = {
        "dataset": entry.name,
        "subject": entry.subject,
        "day": entry.day_column,
        "key": ", ".join(entry.key),
        "contract_observed": observed,
        "contract_expected": expected,
        "sources": _quoted(sources),
        "extracts": _quoted(dict.fromkeys(SOURCES[source].extract for source in sources)),
    }
    if entry.dimension:
        total = entry.dimension.total
        filled |= {
            "dimension": entry.dimension.column,
            "total": total or "",
            "compared": _quoted(entry.dimension.values if total is None else [total]),
        }
    return filled


def _of_days(entry: Dataset, days: DayRange) -> dict[str, str]:
    first, last = f"DATE '{days.first}'", f"DATE '{days.last}'"
    is_inside = f"BETWEEN {first} AND {last}"
    return {
        "first_day": first,
        "last_day": last,
        "in_range": " OR ".join(f"{day} {is_inside}" for day in entry.day_columns),
        "counted_days": _counted_days(entry, is_inside),
    }


def _counted_days(entry: Dataset, is_inside: str) -> str:
    """A query for the days that one row counts on: an application counts on up to three."""
    if len(entry.day_columns) == 1:
        return f"SELECT each_row.{entry.day_column}"
    reached = ", ".join(f"each_row.{day}" for day in entry.day_columns)
    return f"SELECT DISTINCT day FROM unnest(ARRAY[{reached}]) AS reached (day) WHERE day {is_inside}"


def _quoted(words: Iterable[str]) -> str:
    return ", ".join(f"'{word}'" for word in words)


def _limit(threshold: str, services: Services) -> str:
    """A threshold as SQL: one number, or by subject where the services file has others."""
    usual = THRESHOLDS[threshold].value
    own = {service.slug: service.thresholds[threshold] for service in services if threshold in service.thresholds}
    cases = " ".join(f"WHEN '{slug}' THEN {value:g}" for slug, value in own.items())
    return f"(CASE subject {cases} ELSE {usual:g} END)" if cases else f"{usual:g}"
