"""Figures that wait for approval, and figures that are taken back: through the commands, and by what readers find."""

import csv
import shutil
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import text

from perf_pipeline.catalogue.reporting_days import ONE_DAY
from perf_pipeline.catalogue.services import DEFAULT_FILE
from perf_pipeline.demo.feedback_exports import write_exports
from perf_pipeline.warehouse.engine import connected, transaction, warehouse_engine
from perf_pipeline_tests.commands import Call

FIRST, LAST = date(2026, 6, 1), date(2026, 6, 2)
BACKFILL = ("backfill", "--from", str(FIRST), "--to", str(LAST))
FIGURE = ("--service", "make-a-lpa", "--indicator", "user-satisfaction", "--period", str(FIRST))


@pytest.fixture
def variables(warehouse_url: str, tmp_path: Path) -> dict[str, str]:
    """A migrated warehouse and a folder of exports; no other source."""
    # The aggregate of the last day of an export is not there yet.
    write_exports(tmp_path / "exports", FIRST, LAST + ONE_DAY)
    return {
        "PERF_DATABASE_URL": warehouse_url,
        "PERF_FEEDBACK_EXPORTS_DIR": str(tmp_path / "exports"),
        "PERF_FIRST_DAY": str(FIRST),
        "PERF_NOW": f"{LAST + 2 * ONE_DAY}T03:00:00+00:00",
    }


@pytest.fixture
def to_approve(variables: dict[str, str], tmp_path: Path) -> dict[str, str]:
    """The same, with Make an LPA's figures to be approved first."""
    file = tmp_path / "services.toml"
    shutil.copy(DEFAULT_FILE, file)
    content = file.read_text(encoding="utf-8")
    file.write_text(content.replace("[make-a-lpa]\n", '[make-a-lpa]\napproval = "required"\n', 1), encoding="utf-8")
    return variables | {"PERF_SERVICES_FILE": str(file)}


def published(folder: Path, service: str = "make-a-lpa") -> dict[str, dict[str, str]]:
    """The published daily figures of the done page, by day."""
    file = folder / "published" / service / "user-satisfaction-daily.csv"
    with file.open(encoding="utf-8", newline="") as lines:
        return {row["period_start"]: row for row in csv.DictReader(lines) if row["source"] == "done-page"}


def revisions(folder: Path) -> list[dict[str, str]]:
    """The log of revisions in the files, in the order of publication."""
    with (folder / "published" / "make-a-lpa" / "revisions.csv").open(encoding="utf-8", newline="") as lines:
        return sorted(csv.DictReader(lines), key=lambda row: row["published_at"])


def put_newer_export(folder: Path, counts: dict[date, int]) -> None:
    """An export that supersedes the ratings of Make an LPA on some days."""
    rows = [
        f"{day} 00:00:00,/done/lasting-power-of-attorney,Rating of 5: {count},,aggregated-service-feedback"
        for day, count in counts.items()
    ]
    header = "creation date,path or service name,feedback,service satisfaction rating,type"
    (folder / "exports" / "newer.csv").write_text("\n".join([header, *rows, ""]), encoding="utf-8")


def test_figures_wait_until_they_are_approved_while_earlier_ones_and_those_of_other_services_stand(
    call: Call, to_approve: dict[str, str], tmp_path: Path
) -> None:
    assert call(*BACKFILL, **to_approve).status == 0
    assert published(tmp_path) == {}
    assert set(published(tmp_path, "use-an-lpa")) == {str(FIRST), str(LAST)}
    assert "perf-pipeline approve --service make-a-lpa" in call("status").out
    approved = call("approve", "--service", "make-a-lpa")
    assert (approved.status, approved.failures) == (0, [])
    before = published(tmp_path)
    assert set(before) == {str(FIRST), str(LAST)}
    assert "perf-pipeline approve" not in call("status").out

    put_newer_export(tmp_path, {FIRST: 777})
    call(*BACKFILL)
    assert published(tmp_path) == before
    call("approve", "--service", "make-a-lpa")
    assert published(tmp_path)[str(FIRST)]["responses_count"] == "777"


def test_what_was_approved_does_not_wait_even_if_it_changed_no_figure(call: Call, to_approve: dict[str, str]) -> None:
    waits = "perf-pipeline approve --service make-a-lpa"
    for _ in range(2):
        assert call(*BACKFILL, **to_approve).status == 0
        assert waits in call("status").out
        assert call("approve", "--service", "make-a-lpa").status == 0
        assert waits not in call("status").out


def test_a_service_whose_figures_need_no_approval_is_a_wrong_call(call: Call, variables: dict[str, str]) -> None:
    refused = call("approve", "--service", "make-a-lpa", **variables)
    assert refused.status == 2
    assert "need no approval" in refused.err


def test_a_figure_that_is_taken_back_is_not_available_with_its_reason_until_it_is_restored(
    call: Call, variables: dict[str, str], tmp_path: Path
) -> None:
    call(*BACKFILL, **variables)
    before = published(tmp_path)
    assert call("withdraw", *FIGURE, "--reason", "The page was\nunder test.").status == 0
    row = published(tmp_path)[str(FIRST)]
    assert (row["responses_count"], row["headline_percent"], row["markers"]) == ("", "", "[r][x]")
    assert published(tmp_path)[str(LAST)] == before[str(LAST)]
    with connected(warehouse_engine(variables["PERF_DATABASE_URL"])) as connection:
        logged = connection.execute(
            text("SELECT DISTINCT revision_cause, revision_reason FROM perf.revision_log")
        ).all()
    assert logged == [("correction", "The page was under test.")]
    call(*BACKFILL)
    assert published(tmp_path)[str(FIRST)]["markers"] == "[r][x]", "built again, it is still taken back"
    restored = call("withdraw", *FIGURE, "--restore")
    assert (restored.status, restored.failures) == (0, [])
    assert published(tmp_path)[str(FIRST)] == before[str(FIRST)] | {"markers": "[r]"}
    reasons = [row["revision_reason"] for row in revisions(tmp_path) if row["figure"] == "responses_count"]
    assert reasons == ["The page was under test.", "Restored. It had been withdrawn: The page was under test."]
    call(*BACKFILL)
    assert published(tmp_path)[str(FIRST)] == before[str(FIRST)] | {"markers": "[r]"}


def test_a_restored_figure_is_the_one_that_is_built_now_with_the_reason_in_the_files(
    call: Call, to_approve: dict[str, str], tmp_path: Path
) -> None:
    call(*BACKFILL, **to_approve)
    call("approve", "--service", "make-a-lpa")
    before = published(tmp_path)
    call("withdraw", *FIGURE, "--reason", "The export was wrong.")
    put_newer_export(tmp_path, {FIRST: 777, LAST: 888})
    call(*BACKFILL)
    assert call("withdraw", *FIGURE, "--restore", "--reason", "The export was corrected.").status == 0
    after = published(tmp_path)
    assert after[str(FIRST)]["responses_count"] == "777"
    assert after[str(LAST)] == before[str(LAST)], "no other figure is approved by that"
    newest = [row for row in revisions(tmp_path) if row["figure"] == "responses_count"][-1]
    assert (newest["later_value"], newest["revision_cause"]) == ("777", "correction")
    assert newest["revision_reason"] == "Restored: The export was corrected."


def test_a_restored_figure_that_is_not_built_is_the_earlier_one(
    call: Call, variables: dict[str, str], tmp_path: Path
) -> None:
    call(*BACKFILL, **variables)
    before = published(tmp_path)
    call("withdraw", *FIGURE, "--reason", "The page was under test.")
    with transaction(warehouse_engine(variables["PERF_DATABASE_URL"])) as connection:
        connection.execute(text("DELETE FROM perf.daily_user_satisfaction"))
    assert call("withdraw", *FIGURE, "--restore").status == 0
    assert published(tmp_path)[str(FIRST)] == before[str(FIRST)] | {"markers": "[r]"}


@pytest.mark.parametrize(
    ("arguments", "reported"),
    [
        (("--period", "2026-13", "--reason", "x"), "is not a period"),
        (("--period", "2025-01-01", "--reason", "x"), "No user-satisfaction of make-a-lpa is published"),
        (("--period", "2026-06-01"), "Give --reason, or --restore"),
        (("--period", "2026-06-01", "--restore"), "is not withdrawn"),
        (("--period", "2026-06-01", "--reason", " "), "Give --reason, or --restore"),
    ],
)
def test_what_can_not_be_taken_back_is_reported_and_nothing_is_recorded(
    call: Call, variables: dict[str, str], arguments: tuple[str, ...], reported: str
) -> None:
    refused = call("withdraw", "--service", "make-a-lpa", "--indicator", "user-satisfaction", *arguments, **variables)
    assert refused.status == 2
    assert reported in refused.err
    with connected(warehouse_engine(variables["PERF_DATABASE_URL"])) as connection:
        assert connection.execute(text("SELECT count(*) FROM perf.withdrawn_figures")).scalar_one() == 0
