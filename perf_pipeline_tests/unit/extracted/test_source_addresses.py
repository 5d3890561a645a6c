"""The addresses of sources that Dagit shows: where each one is, and nothing that lets anybody in."""

import pytest

from perf_pipeline.catalogue.sources import SOURCES
from perf_pipeline.extracted.source_systems import NOT_SET, STAND_IN, shown, source_assets


@pytest.mark.parametrize(
    ("address", "seen"),
    [
        ("/srv/feedback-explorer", "/srv/feedback-explorer"),
        (
            "postgresql+psycopg2://reader:secret@lpa.example:5432/lpa?sslmode=require",
            "postgresql://lpa.example:5432/lpa",
        ),
        ("postgresql+psycopg2://reader:secret@/lpa?host=/run/postgresql", "postgresql:///run/postgresql/lpa"),
        ("https://user:secret@sirius.example/v1", "https://sirius.example/v1"),
        ("https://sirius.example", "https://sirius.example"),
    ],
)
def test_an_address_is_shown_without_user_password_and_options(address: str, seen: str) -> None:
    assert shown(address) == seen


@pytest.mark.parametrize(("is_embedded", "address"), [(True, STAND_IN), (False, NOT_SET)])
def test_a_source_without_an_address_says_why(is_embedded: bool, address: str) -> None:
    specs = source_assets({}, is_embedded=is_embedded)
    assert [spec.metadata["address"] for spec in specs] == [address] * len(SOURCES)
