"""Making releases in tests, and reading them as a careful reader does."""

import hashlib
import json
from itertools import count
from pathlib import Path
from typing import Any

from sqlalchemy import text

from perf_pipeline.published.release import Release
from perf_pipeline.published.release_asset import make_release
from perf_pipeline.systems import Systems
from perf_pipeline.warehouse.engine import transaction

_runs = count()


def release(systems: Systems) -> Release:
    """Make a release of what the published tables hold."""
    return make_release(systems, f"run-{next(_runs)}")


def change_figure(systems: Systems, responses: int) -> None:
    """Let the published figures say something else, in both indicators at once."""
    with transaction(systems.warehouse) as connection:
        values = {"count": responses}
        connection.execute(text("UPDATE perf.published_user_satisfaction SET responses_count = :count"), values)
        connection.execute(text("UPDATE perf.published_digital_take_up SET total_count = :count"), values)


def manifest_of(folder: Path) -> dict[str, Any]:
    """The manifest of a release, or of the current one."""
    found: dict[str, Any] = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    return found


def faults_of(folder: Path) -> list[str]:
    """The files of a release that are not what its manifest says."""
    return [
        file["path"]
        for file in manifest_of(folder)["files"]
        if hashlib.sha256((folder / file["path"]).read_bytes()).hexdigest() != file["sha256"]
    ]
