"""The commands that build figures: `nightly`, `backfill` and `import-feedback`. They show their progress."""

import sys
from contextlib import ExitStack
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import click

from perf_pipeline.catalogue.reporting_days import DayRange, last_ended_day, month_start
from perf_pipeline.cli.arguments import DAY
from perf_pipeline.cli.progress import loading
from perf_pipeline.errors import SettingsError, UsageError
from perf_pipeline.settings import Settings, load_settings

if TYPE_CHECKING:
    from perf_pipeline.orchestration.building import Built
    from perf_pipeline.systems import Systems


@click.command(short_help="Read the sources; build and publish what changed.")
@click.option("--date", "last_day", type=DAY, help="Last reporting day. Default: yesterday.")
def nightly(last_day: date | None) -> None:
    """Read the sources, then build and publish every day that needs it, up to yesterday."""
    settings = load_settings()
    days = _days(settings.first_day, last_day, settings)
    _build(settings, days, everything=False)


@click.command(short_help="Read, build and publish past days again.")
@click.option("--from", "first_day", type=DAY, required=True, help="First reporting day.")
@click.option("--to", "last_day", type=DAY, required=True, help="Last reporting day, included.")
def backfill(first_day: date, last_day: date) -> None:
    """Read, build and publish all days of a range again. Shows the months of the range, and what has changed."""
    settings = load_settings()
    _build(settings, _days(first_day, last_day, settings), everything=True)


@click.command("import-feedback", short_help="Check and copy a Feedback Explorer export; build.")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--accept", is_flag=True, help="Accept the file: it is whole, and right although it removes ratings.")
def import_feedback(file: Path, accept: bool) -> None:
    """Put a Feedback Explorer export into the folder of exports, show its content, and build the days that it changes."""
    settings = load_settings()
    with loading() as progress:
        from perf_pipeline.orchestration.feedback_files import accept_file, described, put_into_folder
        from perf_pipeline.orchestration.resources import open_systems

        with open_systems(settings, progress=progress.note) as systems:
            found = put_into_folder(systems, file)
            lines = list(described(systems, found))
            if accept:
                accept_file(systems, found)
    for line in lines:
        click.echo(line)
    _build(settings, _days(settings.first_day, None, settings), everything=False)


def _days(first_day: date, last_day: date | None, settings: Settings) -> DayRange:
    newest = last_ended_day(settings.now())
    if settings.first_day > newest:
        raise SettingsError(
            f"PERF_FIRST_DAY is {settings.first_day}, but the newest reporting day that has ended is {newest}.",
            next_step=f"set PERF_FIRST_DAY to {newest} or earlier.",
        )
    for day in filter(None, (first_day, last_day)):
        if day > newest:
            raise UsageError(
                f"{day} has not ended yet; the newest reporting day that has is {newest}.",
                next_step=f"ask for days up to {newest}.",
            )
        if day < settings.first_day:
            raise UsageError(
                f"{day} is before the first reporting day, {settings.first_day}.",
                next_step="ask for later days, or set PERF_FIRST_DAY to an earlier one.",
            )
    return DayRange(first_day, last_day or newest)


def _build(settings: Settings, days: DayRange, *, everything: bool) -> None:
    with ExitStack() as stack:
        progress = stack.enter_context(loading())
        from perf_pipeline.alerts.alerting import alert
        from perf_pipeline.orchestration.building import build_days
        from perf_pipeline.orchestration.resources import open_systems
        from perf_pipeline.orchestration.running import dagster_instance

        systems = stack.enter_context(open_systems(settings, progress=progress.note))
        instance = stack.enter_context(dagster_instance(settings))
        shows_tracebacks = bool(click.get_current_context().find_object(bool))
        built = build_days(
            instance, systems, days, everything=everything, reporter=progress, shows_tracebacks=shows_tracebacks
        )
        alert(systems.warehouse, settings, built.causes, built.asked, is_logged=False)
        lines = _result(settings, systems, built, days if everything else None)
    for line in lines:
        click.echo(line)
    for cause in built.causes:
        click.echo(f"Failed: {cause}", err=True)
    if built.causes:
        sys.exit(1)


def _result(settings: Settings, systems: "Systems", built: "Built", days: DayRange | None) -> list[str]:
    """The published months, or those that a backfill of `days` touched and what has changed; and where the files are."""
    from perf_pipeline.published.changes import changes_of
    from perf_pipeline.published.summary import HEADINGS, as_text, change_lines, demonstration_notice, published_months
    from perf_pipeline.warehouse.engine import connected

    notice = demonstration_notice(systems.warehouse, systems.services)
    hint = "" if settings.data_docs_url else " (perf-pipeline serve shows them)"
    pages = f"Pages of the checks: {settings.data_docs_address}{hint}"
    files = [*([notice] if notice else []), "", pages, f"Files: {systems.publish_dir}"]
    if days is None:
        return [as_text(HEADINGS, published_months(systems.warehouse, systems.services)), *files]
    with connected(systems.warehouse) as connection:
        changes = changes_of(connection, built.run_ids)
    months = {month_start(day) for day in (*days, *(change.period_start for change in changes))}
    table = as_text(HEADINGS, published_months(systems.warehouse, systems.services, months))
    return [table, "", "What has changed:", *change_lines(changes), *files]
