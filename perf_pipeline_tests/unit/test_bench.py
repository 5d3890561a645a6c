"""The arithmetic of `scripts/bench`: ratios, bounds, and the exit status. The measurements themselves are no test."""

import json
from datetime import date
from pathlib import Path

import pytest

from perf_pipeline_tests.bench.results import Result, exit_status, table, write_json
from perf_pipeline_tests.bench.sizes import FULL, QUICK


def measured(seconds: float, bound: float | None = 4) -> Result:
    return Result("a", "all days", seconds, floor=2.0, floor_is="COPY", bound=bound)


@pytest.mark.parametrize(
    ("seconds", "verdict", "status"), [(8.0, "met", 0), (8.1, "missed", 0), (12.0, "missed", 0), (12.1, "failed", 1)]
)
def test_a_ratio_fails_when_it_is_beyond_its_bound_by_half_again(seconds: float, verdict: str, status: int) -> None:
    result = measured(seconds)
    assert (result.verdict, exit_status([measured(1), result])) == (verdict, status)


def test_a_measurement_without_a_bound_never_fails() -> None:
    result = measured(1000, bound=None)
    assert (result.verdict, exit_status([result])) == ("", 0)


def test_the_table_has_value_floor_ratio_and_bound() -> None:
    assert table([measured(1234.4)]).splitlines()[-1] == "| a | all days | 1,234 s | COPY: 2.00 s | 617 | 4 | failed |"


def test_the_json_names_the_machine_and_has_the_ratios(tmp_path: Path) -> None:
    write_json(tmp_path / "quick.json", "quick", [measured(6)])
    written = json.loads((tmp_path / "quick.json").read_text(encoding="utf-8"))
    assert (written["size"], written["results"][0]["ratio"]) == ("quick", 3.0)
    assert "cores" in written["machine"]


def test_the_quick_size_is_a_tenth_of_the_full_one() -> None:
    assert (FULL.rows, QUICK.rows) == (2_000_000, 200_000)
    assert (len(FULL.days), len(QUICK.days)) == (2000, 200)
    assert FULL.days.first == date(2021, 3, 1)
    assert FULL.bounds.keys() == QUICK.bounds.keys()


def test_memory_is_compared_with_a_tenth_of_the_rows_on_as_many_days() -> None:
    few = FULL.with_few_rows
    assert (few.rows, few.days) == (200_000, FULL.days)
