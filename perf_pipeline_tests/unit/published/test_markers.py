"""The markers column: which letters, in which order, and back again."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from perf_pipeline.catalogue.markers import Marker
from perf_pipeline.published.markers import joined, letters, markers

flags = st.fixed_dictionaries(
    {name: st.booleans() for name in ("is_break", "is_estimated", "is_provisional", "is_not_available")}
)


@pytest.mark.parametrize(
    ("given", "cell"),
    [
        ({}, ""),
        ({"is_provisional": True}, "[p]"),
        ({"is_provisional": True, "is_break": True}, "[b][p]"),
        ({"is_provisional": True, "is_estimated": True}, "[e][p]"),
        ({"is_not_available": True}, "[x]"),
    ],
)
def test_markers_stand_together_in_alphabetical_order(given: dict[str, bool], cell: str) -> None:
    assert markers(**given) == cell


@given(flags)
def test_a_cell_holds_one_marker_for_each_reason(given: dict[str, bool]) -> None:
    found = letters(markers(**given))
    assert len(found) == sum(given.values())
    assert found == sorted(found)


@given(st.sets(st.sampled_from(Marker)))
def test_a_cell_reads_back_as_the_markers_that_were_put_in(some: set[Marker]) -> None:
    assert {Marker(letter) for letter in letters(joined(some))} == some


def test_every_marker_of_the_publication_has_its_letter() -> None:
    assert {marker.value for marker in Marker} == set("bceprxz")
