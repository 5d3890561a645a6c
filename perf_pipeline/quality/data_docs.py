"""Data Docs: Great Expectations' own page of the latest validation of each suite, beside the release."""

import os
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from perf_pipeline.quality.validating import Validation

FOLDER = ".data_docs"
"""Below the publishing folder; no part of any release, for it is about the latest run alone."""


def page_of(publish_dir: Path, suite: str) -> Path:
    """Where the page of a suite stands."""
    return publish_dir / FOLDER / f"{suite}.html"


def link_to(publish_dir: Path, suite: str, served_at: str | None) -> str:
    """The address of a suite's page: where it is served, else the file's."""
    page = page_of(publish_dir, suite)
    return f"{served_at.rstrip('/')}/{page.name}" if served_at else page.as_uri()


def write_page(publish_dir: Path, validation: "Validation") -> Path:
    """Replace the suite's page by one rename. Raises OSError where the folder can't be written to."""
    from great_expectations.render.renderer import ValidationResultsPageRenderer
    from great_expectations.render.view import DefaultJinjaPageView

    page = page_of(publish_dir, validation.suite)
    page.parent.mkdir(parents=True, exist_ok=True)
    draft = page.with_name(f".{page.name}.{os.getpid()}")
    html: str = DefaultJinjaPageView().render(ValidationResultsPageRenderer().render(validation.report))  # type: ignore[no-untyped-call]
    draft.write_text(html, encoding="utf-8")
    draft.replace(page)
    return page
