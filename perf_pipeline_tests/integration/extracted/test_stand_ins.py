"""A source that is a stand-in is recorded as one when its rows are merged, however its address was set."""

from datetime import UTC, date, datetime
from pathlib import Path

from sqlalchemy import Engine

from perf_pipeline.catalogue.reporting_days import DayRange
from perf_pipeline.demo.feedback_exports import write_exports
from perf_pipeline.demo.lpa_database import build_lpa_database
from perf_pipeline.embedded_postgres import EmbeddedPostgres
from perf_pipeline.warehouse.engine import connected
from perf_pipeline.warehouse.stand_ins import stand_ins
from perf_pipeline_tests import extracting
from perf_pipeline_tests.extracting import LpaDatabase, Sirius

DAYS = DayRange(date(2026, 6, 1), date(2026, 6, 2))
NIGHT = datetime(2026, 6, 15, 3, tzinfo=UTC)
HEADER = "creation date,path or service name,feedback,service satisfaction rating,type"


def recorded(warehouse: Engine) -> set[str]:
    with connected(warehouse) as connection:
        return {source for service, source in stand_ins(connection) if service == extracting.SERVICE}


def test_the_stand_in_database_is_recorded_for_each_of_its_sources(
    emptied_warehouse: Engine, postgres: EmbeddedPostgres
) -> None:
    url = postgres.ensure_database("stand_in_lpa")
    build_lpa_database(url, DAYS.first, DAYS.last, share=0.01)
    extracting.in_service(emptied_warehouse, url, DAYS, NIGHT)
    assert recorded(emptied_warehouse) == {"in-service"}
    extracting.applications(emptied_warehouse, url, DAYS, NIGHT)
    assert recorded(emptied_warehouse) == {"in-service", "applications"}


def test_a_stand_in_of_sirius_is_recorded(sirius: Sirius) -> None:
    sirius.read(DAYS, NIGHT)
    assert recorded(sirius.warehouse) == {"sirius"}


def test_a_folder_of_stand_in_exports_is_recorded(emptied_warehouse: Engine, tmp_path: Path) -> None:
    write_exports(tmp_path, DAYS.first, DAYS.last)
    extracting.done_page(emptied_warehouse, tmp_path, DAYS, NIGHT)
    assert recorded(emptied_warehouse) == {"done-page"}


def test_other_sources_are_not_recorded_and_remove_no_record(lpa: LpaDatabase, sirius: Sirius, tmp_path: Path) -> None:
    (tmp_path / "feedex_2026-06-01_2026-06-02.csv").write_text(f"{HEADER}\n", encoding="utf-8")

    def read_real_sources() -> None:
        extracting.in_service(lpa.warehouse, lpa.url, DAYS, NIGHT)
        extracting.applications(lpa.warehouse, lpa.url, DAYS, NIGHT)
        extracting.done_page(lpa.warehouse, tmp_path, DAYS, NIGHT)
        sirius.answer(edit_answer=lambda answer: answer["meta"].pop("notice"))
        sirius.read(DAYS, NIGHT)

    read_real_sources()
    assert recorded(lpa.warehouse) == set()
    sirius.answer(edit_answer=None)
    sirius.read(DAYS, NIGHT)
    read_real_sources()
    assert recorded(lpa.warehouse) == {"sirius"}
