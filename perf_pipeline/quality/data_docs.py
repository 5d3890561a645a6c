"""Great Expectations' own page of the latest validation of each dataset: internal, never published.

A data docs site of Great Expectations does not fit: it keeps a page for each run under a path with the run's time, and shows
a driver's message of a check that crashed, which may quote a row. So its renderer is called for one page of a fixed name.
"""

import os
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from great_expectations.render.view import DefaultJinjaPageView

    from perf_pipeline.quality.validating import Validation


def page_of(folder: Path, dataset: str) -> Path:
    """The file of a dataset's page."""
    return folder / f"{dataset}.html"


def link_to(folder: Path, dataset: str, served_at: str | None) -> str:
    """The address of a dataset's page: where it is served, else the file's."""
    page = page_of(folder, dataset)
    return f"{served_at.rstrip('/')}/{page.name}" if served_at else page.as_uri()


def write_page(folder: Path, dataset: str, validation: "Validation") -> Path:
    """Replace the dataset's page by one rename. Raises OSError where the folder can't be written to."""
    from great_expectations.render.renderer import ValidationResultsPageRenderer

    page = page_of(folder, dataset)
    if folder.is_symlink():
        raise OSError(f"{folder} is a link, which this program did not make")
    page.parent.mkdir(parents=True, exist_ok=True)
    draft = page.with_name(f".{page.name}.{os.getpid()}")
    html: str = _view().render(ValidationResultsPageRenderer().render(validation.report))  # type: ignore[no-untyped-call]
    draft.write_text(html, encoding="utf-8")
    draft.replace(page)
    return page


@cache
def _view() -> "DefaultJinjaPageView":
    """One for all pages: each new one would compile the templates again, which takes longer than the checks."""
    from great_expectations.render.view import DefaultJinjaPageView

    return DefaultJinjaPageView()
