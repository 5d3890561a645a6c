"""The command `perf-pipeline`: its arguments and its output. Other modules do the work.

Exit 0: done. 1: something failed, and everything else was done. 2: the command was called wrongly. 130: stopped.
"""

import os
import signal
import sys
import traceback
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from datetime import date
from pathlib import Path
from types import FrameType
from typing import NoReturn

import click
from sqlalchemy.exc import DBAPIError

from perf_pipeline.catalogue.reporting_days import DayRange, last_ended_day
from perf_pipeline.cli_figures import FIGURE_COMMANDS
from perf_pipeline.errors import NEXT_STEP, PerfPipelineError, SettingsError, UsageError
from perf_pipeline.settings import Settings, load_settings
from perf_pipeline.warehouse.engine import first_line

STOPPED = 130
_DEBUG = "--debug"


class _Day(click.ParamType[date]):
    name = "YYYY-MM-DD"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> date:
        if isinstance(value, date):
            return value
        try:
            return date.fromisoformat(str(value))
        except ValueError:
            self.fail(f"{value!r} is not a day; write it as 2026-05-01.", param, ctx)


DAY = _Day()


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.option(_DEBUG, "debug", is_flag=True, help="Show the traceback of an error.")
@click.version_option(package_name="perf_pipeline")
@click.pass_context
def cli(context: click.Context, debug: bool) -> None:
    """Performance figures of public digital services: extracted, checked and published every night."""
    context.obj = debug


@cli.command()
@click.option("--date", "last_day", type=DAY, help="Last reporting day. Default: yesterday.")
def nightly(last_day: date | None) -> None:
    """Read the sources, then build and publish every day that needs it, up to yesterday."""
    settings = load_settings()
    days = _days(settings.first_day, last_day, settings)
    _build(settings, days, everything=False)


@cli.command()
@click.option("--from", "first_day", type=DAY, required=True, help="First reporting day.")
@click.option("--to", "last_day", type=DAY, required=True, help="Last reporting day, included.")
def backfill(first_day: date, last_day: date) -> None:
    """Read, build and publish all days of a range again."""
    settings = load_settings()
    _build(settings, _days(first_day, last_day, settings), everything=True)


@cli.command("import-feedback")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--accept", is_flag=True, help="Accept the file: it is whole, and right although it removes ratings.")
def import_feedback(file: Path, accept: bool) -> None:
    """Put a Feedback Explorer export into the folder of exports, show its content, and build the days that it changes."""
    from perf_pipeline.orchestration.feedback_files import accept_file, described, put_into_folder
    from perf_pipeline.orchestration.resources import open_systems

    settings = load_settings()
    with open_systems(settings, progress=_note) as systems:
        found = put_into_folder(systems, file)
        for line in described(systems, found):
            click.echo(line)
        if accept:
            accept_file(systems, found)
    _build(settings, _days(settings.first_day, None, settings), everything=False)


@cli.command()
def status() -> None:
    """Show what is built, what is not built and why, what is in quarantine, and what is published."""
    from perf_pipeline.orchestration.overview import overview

    settings = load_settings()
    for line in overview(settings, settings.now()):
        click.echo(line)


@cli.command()
@click.option(
    "--roles", is_flag=True, help="Also create the roles perf_reader and perf_writer and give them their rights."
)
def migrate(roles: bool) -> None:
    """Bring the warehouse (schema perf) to the version that this code needs."""
    from perf_pipeline.orchestration.resources import open_warehouse
    from perf_pipeline.warehouse.migrating import migrate as migrate_warehouse
    from perf_pipeline.warehouse.roles import grant_roles

    with open_warehouse(load_settings()) as warehouse:
        before, after = migrate_warehouse(warehouse)
        granted = grant_roles(warehouse) if roles else ()
    click.echo(
        f"The warehouse is at version {after}."
        if before == after
        else f"The warehouse went from {before or 'nothing'} to version {after}."
    )
    for role in granted:
        click.echo(f"Role {role} has its rights; grant it to an account that logs in.")


@cli.command()
def demo() -> None:
    """Keep the stand-in systems up and print the variables that point at them, until interrupted."""
    from perf_pipeline.catalogue.services import load_services
    from perf_pipeline.demo.world import stand_in_world

    settings = load_settings()
    services = load_services(settings.services_file)
    with stand_in_world(settings, progress=_note) as world:
        for name, value in world.variables(services).items():
            click.echo(f"export {name}='{value}'")
        _note("The stand-ins are up. Press Ctrl-C to stop them.")
        with suppress(KeyboardInterrupt):
            signal.pause()


@cli.command()
def serve() -> None:
    """Keep Dagit and the nightly schedule up, until interrupted."""
    from perf_pipeline.orchestration.serving import serve_dagit

    with suppress(KeyboardInterrupt):
        serve_dagit(load_settings(), _note)


@cli.command()
def doctor() -> None:
    """Check every setting and system, and show the next step for each fault."""
    from perf_pipeline.orchestration.doctor import examine

    findings = list(examine())
    for finding in findings:
        click.echo(f"{'ok  ' if finding.is_right else 'FAIL'}  {finding.subject}: {finding.says}")
    if not all(finding.is_right for finding in findings):
        sys.exit(1)


for command in FIGURE_COMMANDS:
    cli.add_command(command)


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
    # Dagster takes seconds to import, and the other commands do not need it.
    _note("Loading the pipeline …")
    from perf_pipeline.alerts.alerting import alert
    from perf_pipeline.orchestration.building import build_days
    from perf_pipeline.orchestration.resources import open_systems
    from perf_pipeline.orchestration.running import dagster_instance
    from perf_pipeline.published.summary import HEADINGS, as_text, demonstration_notice, published_months

    with ExitStack() as stack:
        systems = stack.enter_context(open_systems(settings, progress=_note))
        instance = stack.enter_context(dagster_instance(settings))
        built = build_days(instance, systems, days, everything=everything, note=_note, shows_tracebacks=_is_debugging())
        for cause in built.causes:
            click.echo(f"Failed: {cause}", err=True)
        alert(systems.warehouse, settings, built.causes, built.asked, is_logged=False)
        click.echo(as_text(HEADINGS, published_months(systems.warehouse, systems.services)))
        if notice := demonstration_notice(systems.warehouse, systems.services):
            click.echo(notice)
        hint = "" if settings.data_docs_url else " (perf-pipeline serve shows them)"
        click.echo(f"\nPages of the checks: {settings.data_docs_address}{hint}")
        click.echo(f"Files: {systems.publish_dir}")
    if built.causes:
        sys.exit(1)


def _is_debugging() -> bool:
    """Whether the command was called with --debug."""
    return bool(click.get_current_context().find_object(bool))


def _note(message: str) -> None:
    """Print progress to stderr, so that stdout has only results."""
    click.echo(message, err=True)


def main() -> None:
    """Run the command. An error or an interruption is reported in one line on stderr."""
    for signal_number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        # By default a signal would end the process without stopping what it started. nohup's ignored SIGHUP stays ignored.
        if signal_number is not signal.SIGHUP or signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:
            signal.signal(signal_number, _stop)
    # Moved to the front, because --debug may be anywhere on the command line.
    arguments = [word for word in sys.argv[1:] if word != _DEBUG]
    is_debugging = len(arguments) < len(sys.argv) - 1
    try:
        sys.exit(cli(args=[*([_DEBUG] if is_debugging else []), *arguments], standalone_mode=False))
    except BrokenPipeError:
        # The reader of our output has ended. The remaining output must not fail a second time.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
    except (Exception, KeyboardInterrupt) as error:
        if is_debugging:
            traceback.print_exc()
        message, status = _explained(error)
        click.echo(" ".join(message.split()), err=True)
        sys.exit(status)


def _stop(_signal: int, _frame: FrameType | None) -> NoReturn:
    raise KeyboardInterrupt


def _explained(error: BaseException) -> tuple[str, int]:
    """The message for an error, and the exit status. Texts of foreign errors may contain secrets and are not shown."""
    if isinstance(error, click.exceptions.NoArgsIsHelpError):
        return f"Error: a command is missing. {NEXT_STEP} {_help_of(error)} lists them.", 2
    if isinstance(error, click.UsageError):
        return f"Error: {error.format_message()} {NEXT_STEP} {_help_of(error)} shows how it is called.", 2
    if isinstance(error, click.Abort | KeyboardInterrupt):
        return f"Stopped. {NEXT_STEP} run the same command again; it continues with what is missing.", STOPPED
    for cause in _causes(error):
        if isinstance(cause, PerfPipelineError):
            return f"Error: {cause}", 2 if isinstance(cause, UsageError) else 1
        if isinstance(cause, DBAPIError):
            again = "check the database and our rights in it, then run the same command again."
            return f"Error: A database refused or broke off: {first_line(cause)}. {NEXT_STEP} {again}", 1
        if isinstance(cause, OSError) and cause.filename:
            again = "check the rights and the free space, then run the same command again."
            return f"Error: {cause.filename}: {cause.strerror}. {NEXT_STEP} {again}", 1
    where = traceback.extract_tb(error.__traceback__)[-1]
    again = "run the same command with --debug and report what it shows."
    return f"Error: {type(error).__name__} at {where.filename}:{where.lineno}, a fault of ours. {NEXT_STEP} {again}", 1


def _help_of(error: click.UsageError) -> str:
    return f"{error.ctx.command_path if error.ctx else 'perf-pipeline'} --help"


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    """The error and its causes. Dagster wraps our errors in its own."""
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__
