"""What monthly breakdowns suppress, and that an attacker can't compute a suppressed count from the rest."""

from datetime import date
from decimal import Decimal
from itertools import product

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from perf_pipeline.catalogue.disclosure import COMPLETION, SMALL_COUNTS, TAKE_UP, Breakdown
from perf_pipeline.published.suppressing import Cells, Hidden, suppressed
from perf_pipeline_tests.unit.published.attacking import could_be_other, found_out, published, small_cells

ONE_COUNT = Breakdown(("completed_count",))
PAPER, TOTAL = TAKE_UP.columns.index("paper_count"), TAKE_UP.columns.index("total_count")


@pytest.mark.parametrize(
    ("counts", "seen"),
    [
        ((100, 90, 0), (100, 90, 0)),
        ((100, 90, 5), (100, 90, 5)),
        ((100, 90, 4), (100, None, None)),
        ((100, 98, 4), (None, None, None)),
        ((9, 0, 1), (9, None, None)),
        ((4, 0, 0), (None, None, None)),
        ((100, 4), (None, None)),
    ],
)
def test_a_small_count_hides_all_types_but_one_of_more_than_half(
    counts: tuple[int, ...], seen: tuple[int | None, ...]
) -> None:
    assert published([(count,) for count in counts], ONE_COUNT) == tuple((count,) for count in seen)


def test_a_small_count_in_one_column_hides_the_whole_row() -> None:
    cells = [(60, 50, 40, 3, 60, 50, 40), (40, 30, 20, 9, 40, 30, 20), (9, 0, 0, 0, 9, 0, 0)]
    assert published(cells, COMPLETION) == ((None,) * 7,) * 3
    cells[0] = (60, 50, 40, 30, 60, 50, 40)
    cells[2] = (9, 2, 0, 0, 9, 2, 0)
    assert published(cells, COMPLETION) == (cells[0], (None,) * 7, (None,) * 7)


@pytest.mark.parametrize(
    ("channels", "hidden"),
    [
        ([(60, 5, 40, 0, 6, 9), (70, 0, 50, 0, 6, 7)], set()),
        ([(60, 5, 40, 2, 6, 9), (70, 0, 50, 1, 6, 7)], {"paper_count", "phone_count"}),
        ([(60, 5, 40, 2, 6, 9), (70, 0, 50, 1, 6, 4)], {"paper_count", "phone_count", "unknown_count"}),
        ([(60, 5, 40, 2, 6, 9), (70, 0, 7, 1, 6, 7)], {"paper_count", "phone_count"}),
        ([(60, 5, 40, 2, 6, 9), (70, 0, 6, 1, 6, 7)], {"paper_count", "phone_count", "total_count"}),
        ([(60, 5, 40, 0, 6, 9), (70, 0, 3, 0, 6, 7)], {"paper_count", "total_count"}),
        ([(60, 5, 40, 0, 6, 9), (2, 0, 50, 0, 6, 7)], {"paper_count", "online_count", "total_count"}),
        ([(60, 5, 90, 0, 6, 9), (2, 0, 90, 0, 6, 7)], {"paper_count", "online_count"}),
    ],
)
def test_a_small_channel_hides_its_column_and_paper_and_the_row_totals_where_paper_has_no_room(
    channels: list[tuple[int, ...]], hidden: set[str]
) -> None:
    cells = [(*row, sum(row)) for row in channels]
    seen = published(cells, TAKE_UP)
    empty = [{name for name, n in zip(TAKE_UP.columns, row, strict=True) if n is None} for row in seen]
    assert empty == [hidden, hidden]


@pytest.mark.parametrize("types", [2, 3])
@pytest.mark.parametrize("total", range(30))
def test_no_small_count_is_found_out_by_listing_every_month(total: int, types: int) -> None:
    assert found_out([total], types, ONE_COUNT) == []


@settings(max_examples=25, deadline=None)
@given(st.tuples(*(st.integers(0, most) for most in (6, 4, 1, 3))))
def test_no_small_part_of_a_count_is_found_out_through_the_whole(counts: tuple[int, ...]) -> None:
    started, created, same_day, cohort_created = counts
    cohort_created = min(started, cohort_created)
    same_day = min(same_day, created, cohort_created)
    assert found_out((started, created, 0, same_day, started, cohort_created, 0), 3, COMPLETION) == []


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 9), st.integers(0, 12))
def test_no_small_count_is_found_out_beside_a_majority_of_another_column(started: int, completed: int) -> None:
    assert found_out((started, 0, completed, 0, started, 0, 0), 3, COMPLETION) == []


@pytest.mark.parametrize("phone", range(4))
@pytest.mark.parametrize("other", [0, 3, 8, 10])
def test_no_small_channel_is_found_out_however_much_room_paper_has(phone: int, other: int) -> None:
    assert [paper for paper in range(32) if found_out((0, 0, paper, phone, other, 0), 2, TAKE_UP)] == []


def row_of_states(level: int) -> st.SearchStrategy[tuple[int, ...]]:
    def row(some: tuple[int, ...]) -> tuple[int, ...]:
        started, created, completed, same_day, cohort_created, cohort_completed = some
        cohort_created = min(started, cohort_created)
        same_day = min(created, cohort_created, same_day)
        return started, created, completed, same_day, started, cohort_created, min(cohort_created, cohort_completed)

    return st.tuples(*(st.integers(0, level),) * 6).map(row)


def row_of_channels(level: int) -> st.SearchStrategy[tuple[int, ...]]:
    few = min(level, 6)
    counts = st.tuples(*(st.integers(0, most) for most in (level, few, level, min(level, 2), few, few)))
    return counts.map(lambda some: (*some, sum(some)))


levels = st.sampled_from((0, 1, 2, 5, 12, 60, 4000))
completion_months = st.tuples(levels, levels, levels).flatmap(lambda sizes: st.tuples(*map(row_of_states, sizes)))
take_up_months = st.tuples(levels, levels).flatmap(lambda sizes: st.tuples(*map(row_of_channels, sizes)))


@settings(max_examples=150, deadline=None)
@given(st.tuples(completion_months, st.just(COMPLETION)) | st.tuples(take_up_months, st.just(TAKE_UP)))
def test_every_small_count_of_a_large_month_could_be_another(month: tuple[Cells, Breakdown]) -> None:
    cells, breakdown = month
    assert [cell for cell in small_cells(cells) if not could_be_other(cells, cell, breakdown)] == []


def only_small_counts(cells: Cells, _breakdown: Breakdown) -> Hidden:
    return frozenset(small_cells(cells))


def next_smallest_too(cells: Cells, _breakdown: Breakdown) -> Hidden:
    """For one column: hide as few cells as the sum allows, the smallest first."""
    order = sorted(range(len(cells)), key=lambda row: (cells[row][0] not in SMALL_COUNTS, cells[row][0]))
    return frozenset((row, 0) for row in order[:2]) if small_cells(cells) else frozenset()


def paper_always(cells: Cells, _breakdown: Breakdown) -> Hidden:
    columns = {column for _, column in small_cells(cells)} - {TOTAL}
    return frozenset(product(range(len(cells)), columns | {PAPER} if columns else columns))


def test_the_attack_finds_what_weaker_rules_give_away() -> None:
    month: Cells = [(60,), (50,), (3,)]
    assert not could_be_other(month, (2, 0), ONE_COUNT, only_small_counts)
    assert found_out([8], 3, ONE_COUNT, next_smallest_too)
    no_paper = [(60, 5, 0, 2, 6, 9, 82), (70, 0, 0, 1, 6, 7, 84)]
    assert not any(could_be_other(no_paper, (row, 3), TAKE_UP, paper_always) for row in (0, 1))
    assert found_out((0, 0, 9, 2, 0, 0), 2, TAKE_UP, paper_always)


def figures(*rows: dict[str, object]) -> pd.DataFrame:
    shared = {"service": "make-a-lpa", "period_start": date(2026, 5, 1), "period": "month", "markers": ""}
    return pd.DataFrame([shared | row for row in rows], dtype=object)


def take_up(lpa_type: str, *channels: int, **changes: object) -> dict[str, object]:
    counts = dict(zip(TAKE_UP.columns, (*channels, sum(channels)), strict=True))
    return {"lpa_type": lpa_type, **counts, "digital_take_up_percent": Decimal("50.00"), **changes}


def test_suppression_empties_cells_marks_their_rows_and_changes_nothing_else() -> None:
    whole = [take_up("b", 60, 0, 60, 0, 0, 0), take_up("all", 120, 0, 120, 0, 0, 0), take_up("a", 60, 0, 60, 0, 0, 0)]
    month = figures(
        take_up("b", 60, 0, 50, 2, 0, 8), take_up("all", 120, 0, 100, 3, 0, 17), take_up("a", 60, 0, 50, 1, 0, 9),
        *({**row, "service": "use-an-lpa"} for row in whole),
        *({**row, "period_start": date(2026, 6, 1)} for row in whole),
    )  # fmt: skip
    month.index = pd.Index(range(9, 0, -1))
    expected = month.copy()
    expected.loc[[9, 7], ["paper_count", "phone_count"]] = None
    expected.loc[[9, 7], "markers"] = "[c]"
    pd.testing.assert_frame_equal(suppressed(month, TAKE_UP), expected)


def test_a_percentage_of_a_suppressed_count_is_suppressed() -> None:
    seen = suppressed(figures(take_up("a", 60, 0, 50, 2, 0, 8), take_up("b", 60, 3, 50, 0, 0, 9)), TAKE_UP)
    assert seen["digital_take_up_percent"].tolist() == [None, None]


@pytest.mark.parametrize(("total", "percent"), [(29, None), (30, Decimal("50.00"))])
def test_a_percentage_of_fewer_than_thirty_is_suppressed_and_marked(total: int, percent: Decimal | None) -> None:
    rows = [take_up(lpa_type, 15, 0, total - 15, 0, 0, 0) for lpa_type in ("a", "b", "all")]
    seen = suppressed(figures(*rows), TAKE_UP)
    assert seen["digital_take_up_percent"].tolist() == [percent, percent, Decimal("50.00")]
    assert seen["markers"].tolist() == ["" if percent else "[c]"] * 2 + [""]
    assert seen["total_count"].tolist() == [total] * 3


@pytest.mark.parametrize(
    ("unknown", "markers"), [((1, 0), ["", "[c][p]", "[c][p]"]), ((9, 0), ["", "[c][e][p]", "[c][p]"])]
)
def test_an_estimate_that_would_reveal_a_suppressed_count_is_marked_as_in_the_total_row(
    unknown: tuple[int, int], markers: list[str]
) -> None:
    """More than 1 % of unknown channel makes an estimate; with one unknown application only its type would carry it."""
    month = figures(
        take_up("all", 160, 0, 80, 1, 10, sum(unknown)),
        take_up("a", 80, 0, 40, 1, 5, unknown[0], markers="[e][p]"),
        take_up("b", 80, 0, 40, 0, 5, unknown[1], markers="[p]"),
    )
    assert suppressed(month, TAKE_UP)["markers"].tolist() == markers


def test_the_dimension_is_the_breakdown_s() -> None:
    breakdown = Breakdown(("started_count",), dimension="source")
    month = figures(*({"source": source, "started_count": n} for source, n in (("a", 9), ("b", 2), ("all", 11))))
    assert suppressed(month, breakdown)["started_count"].tolist() == [None, None, 11]


def test_no_rows_give_no_rows() -> None:
    empty = figures(take_up("all", 0, 0, 0, 0, 0, 0)).iloc[:0]
    pd.testing.assert_frame_equal(suppressed(empty, TAKE_UP), empty)
