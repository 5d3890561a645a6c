"""The command `perf-pipeline` itself: its group, and how an error or an interruption ends it.

Exit 0: done. 1: something failed, and everything else was done. 2: the command was called wrongly. 130: stopped.
"""

import os
import signal
import sys
import traceback
from collections.abc import Iterator
from types import FrameType
from typing import NoReturn

import click
from sqlalchemy.exc import DBAPIError

from perf_pipeline.cli.as_of import as_of
from perf_pipeline.cli.building import backfill, import_feedback, nightly
from perf_pipeline.cli.figures import FIGURE_COMMANDS
from perf_pipeline.cli.operating import OPERATING_COMMANDS
from perf_pipeline.errors import NEXT_STEP, PerfPipelineError, UsageError
from perf_pipeline.warehouse.engine import first_line

STOPPED = 130
_DEBUG = "--debug"


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.option(_DEBUG, "debug", is_flag=True, help="Show the traceback of an error.")
@click.version_option(package_name="perf_pipeline")
@click.pass_context
def cli(context: click.Context, debug: bool) -> None:
    """Performance figures of public digital services: extracted, checked and published every night."""
    context.obj = debug


for command in (nightly, backfill, import_feedback, as_of, *FIGURE_COMMANDS, *OPERATING_COMMANDS):
    cli.add_command(command)


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
