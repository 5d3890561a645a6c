"""What `perf-pipeline import-feedback` does before it builds: checks a Feedback Explorer export and copies it in place."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from perf_pipeline.catalogue.reporting_days import DayRange
from perf_pipeline.errors import SettingsError, UsageError
from perf_pipeline.extracted.done_page.changed_files import accept
from perf_pipeline.extracted.done_page.exports import read_exports
from perf_pipeline.extracted.done_page.files import ExportFile, list_exports
from perf_pipeline.systems import Systems
from perf_pipeline.warehouse.engine import transaction

_SOURCE = "done-page"


def put_into_folder(systems: Systems, file: Path) -> ExportFile:
    """The export as it is in the folder of exports, copied there whole unless it is there already.

    `file` is a path, or the name of a file in the folder. Raises SettingsError without a folder, UsageError for a file that
    is not there or that would overwrite another one.
    """
    folder = _folder(systems)
    target = folder / file.name
    if file.exists() and file.resolve() != target.resolve():
        if target.exists() and target.read_bytes() != file.read_bytes():
            raise UsageError(
                f"{target} is there already and holds something else.", next_step="give the new file another name."
            )
        _copy(file, target)
    found = next((listed for listed in list_exports(folder) if listed.path.name == file.name), None)
    if found is None:
        raise UsageError(
            f"{file} is no CSV file, and {folder} has none of that name.",
            next_step="give the path of an export, or the name of a file in that folder.",
        )
    return found


def described(systems: Systems, file: ExportFile) -> Iterator[str]:
    """What the file says about each page: days and ratings, and what of it can't be used."""
    for service in systems.services.publishing("user-satisfaction"):
        days = systems.days_of(service, _SOURCE) if _SOURCE in service.sources else None
        if days is not None:
            yield from _described(service.slug, service.sources[_SOURCE].slug or "", file, days)


def _described(service: str, slug: str, file: ExportFile, days: DayRange) -> Iterator[str]:
    reading = read_exports([file], [slug], days)
    if reading.days:
        ratings = sum(sum(day.counts) for day in reading.days)
        first, last = reading.days[0].report_date, reading.days[-1].report_date
        yield f"{service}: {ratings:,} ratings on {len(reading.days):,} days, {first} to {last}."
    for line in reading.quarantined:
        if line.line_number is None:
            yield f"{service}: {line.file_name}: {line.reason.replace('_', ' ')}."


def accept_file(systems: Systems, file: ExportFile) -> None:
    """Record that a person accepts the file as it is."""
    with transaction(systems.warehouse) as connection:
        accept(connection, file, systems.clock())


def _folder(systems: Systems) -> Path:
    folders = {systems.addresses[pair] for pair in systems.addresses if pair[1] == _SOURCE}
    if not folders:
        raise SettingsError(
            "There is no folder of Feedback Explorer exports.", next_step="set PERF_FEEDBACK_EXPORTS_DIR to one."
        )
    return Path(folders.pop())


def _copy(file: Path, target: Path) -> None:
    """Put the file in place by one rename, with its modification time, so that nobody reads half of it."""
    draft = target.with_name(f".{target.name}.{os.getpid()}")
    try:
        shutil.copy2(file, draft)
        draft.replace(target)
    finally:
        draft.unlink(missing_ok=True)
