"""The big sources: made once for each size and kept, then copied for each measurement that changes them."""

import os
import re
import shutil
from datetime import date
from pathlib import Path
from typing import Any

from perf_pipeline.catalogue.reporting_days import DayRange, month_start, start_of
from perf_pipeline.demo.feedback_exports import write_exports
from perf_pipeline.demo.lpa_database import statement as demo_statement
from perf_pipeline.embedded_postgres import EmbeddedPostgres
from perf_pipeline_tests.bench.sizes import NOW, Size
from perf_pipeline_tests.conftest import connect

SQL = Path(__file__).parent / "sql"


def statement(name: str) -> str:
    """The text of one of our .sql files."""
    return (SQL / f"{name}.sql").read_text(encoding="utf-8")


def run(url: str, *names: str, **values: object) -> None:
    """Run .sql files in one transaction."""
    connection = connect(url)
    with connection, connection.cursor() as cursor:
        for name in names:
            cursor.execute(statement(name), values)
    connection.close()


def administer(postgres: EmbeddedPostgres, *statements: str) -> None:
    """Run statements that need a transaction each, such as CREATE DATABASE."""
    connection = connect(postgres.url())
    connection.autocommit = True
    with connection.cursor() as cursor:
        for text in statements:
            cursor.execute(text)
    connection.close()


def copied_database(postgres: EmbeddedPostgres, template: str, name: str) -> str:
    """Replace database `name` by a copy of the template. Returns its URL."""
    administer(
        postgres,
        f"DROP DATABASE IF EXISTS {name} WITH (FORCE)",
        f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY file_copy",
    )
    return postgres.url(name)


def lpa_database(postgres: EmbeddedPostgres, size: Size) -> str:
    """The name of the Make an LPA database of a size. It is made when it does not exist."""
    name = f"lpa_{size.name}"
    connection = connect(postgres.url())
    with connection, connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name])
        is_made = cursor.rowcount == 1
    connection.close()
    if not is_made:
        _make(postgres, size)
        administer(postgres, f"ALTER DATABASE lpa_being_made RENAME TO {name}")
    return name


def _make(postgres: EmbeddedPostgres, size: Size) -> None:
    url = copied_database(postgres, "template0", "lpa_being_made")
    connection = connect(url)
    with connection, connection.cursor() as cursor:
        cursor.execute(demo_statement("lpa_tables") + demo_statement("lpa_indexes"))
    connection.close()
    _add_days(url, size.days, size.rows, first=0)
    connection = connect(url)
    connection.autocommit = True
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")
    connection.close()


def add_day(url: str, size: Size, day: date) -> None:
    """Let one more day pass in the Make an LPA database."""
    _add_days(url, DayRange(day, day), size.rows_a_day, first=(day - size.days.first).days * size.rows_a_day)
    run(url, "advance_applications", start_at=start_of(day))


def _add_days(url: str, days: DayRange, rows: int, first: int) -> None:
    start_at, end_at = days.utc_bounds
    run(url, "applications", "feedback", start_at=start_at, end_at=end_at, rows=rows, first=first)


def write_folder_of_exports(folder: Path, size: Size) -> None:
    """Replace the folder by the Feedback Explorer exports of the size's days."""
    shutil.rmtree(folder, ignore_errors=True)
    write_exports(folder, size.days.first, size.days.last)


def change_days_in_exports(folder: Path, days: list[date]) -> None:
    """Add one rating to each of the days, in the export of its month."""
    for day in days:
        file = next(folder.glob(f"feedex_{month_start(day)}_*-[23][0-9]_lpa.csv"))
        row = rf"^({day} 00:00:00,/done/lasting-power-of-attorney,Rating of 5: )(\d+)"
        text = file.read_text(encoding="utf-8")
        changed, found = re.subn(row, lambda match: f"{match[1]}{int(match[2]) + 1}", text, flags=re.MULTILINE)
        if found != 1:
            raise AssertionError(f"{file} has {found} rows with the ratings of 5 of {day}")
        file.write_text(changed, encoding="utf-8")
        os.utime(file, (NOW.timestamp(), NOW.timestamp()))


def steady_counts(answer: dict[str, Any]) -> None:
    """Let Sirius count the same on every day, about as many online as are completed, and finally."""
    channels = {"online": 350, "paper": 450, "phone": 1, "assisted": 4, "other": 1, "unknown": 0}
    for row in answer.get("data", []):
        row |= {"channels": channels, "total": sum(channels.values()), "status": "final"}
