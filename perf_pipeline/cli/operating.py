"""The commands for whoever runs the pipeline: `status`, `doctor`, `migrate`, `serve` and `demo`."""

import signal
import sys
from contextlib import ExitStack, suppress

import click

from perf_pipeline.cli.output import as_json, write_json
from perf_pipeline.cli.progress import Progress
from perf_pipeline.settings import load_settings


@click.command(short_help="Show what ran, comes next, waits and is wrong.")
@as_json
def status(is_json: bool) -> None:
    """Show the last run and the next one, what waits and why, what failed, and what is published.

    It reads the warehouse alone, and opens no source.
    """
    from perf_pipeline.cli.status import status_json, status_lines

    settings = load_settings()
    with Progress(has_bar=False) as progress:
        progress.running("reading the warehouse")
        from perf_pipeline.orchestration.overview import WARNED_DAYS, overview

        found = overview(settings, settings.now())
    if is_json:
        write_json(status_json(found))
    else:
        for line in status_lines(found, warned_days=WARNED_DAYS):
            click.echo(line)


@click.command(short_help="Check every setting and system.")
@as_json
def doctor(is_json: bool) -> None:
    """Check every setting and system, and show the next step for each fault. It starts nothing and sends no alert."""
    from perf_pipeline.orchestration.doctor import examine

    findings = []
    with Progress(has_bar=False) as progress:
        for finding in examine(progress.running):
            findings.append(finding)
            if not is_json:
                click.echo(f"{finding.label}  {finding.subject}: {finding.says}")
    is_right = all(finding.is_right for finding in findings)
    if is_json:
        listed = [{"subject": item.subject, "state": item.state, "says": item.says} for item in findings]
        write_json({"is_right": is_right, "findings": listed})
    if not is_right:
        sys.exit(1)


@click.command(short_help="Bring the warehouse to the version of this code.")
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


@click.command(short_help="Keep Dagit, the schedule and the sensors up.")
def serve() -> None:
    """Keep Dagit and the nightly schedule up, until interrupted."""
    from perf_pipeline.orchestration.serving import serve_dagit

    with suppress(KeyboardInterrupt):
        serve_dagit(load_settings(), _note)


@click.command(short_help="Keep the stand-in sources up, to point at.")
def demo() -> None:
    """Keep the stand-in systems up and print the variables that point at them, until interrupted."""
    from perf_pipeline.catalogue.services import load_services
    from perf_pipeline.demo.world import stand_in_world

    settings = load_settings()
    services = load_services(settings.services_file)
    with ExitStack() as stack:
        with Progress() as progress:
            world = stack.enter_context(stand_in_world(settings, progress=progress.note))
        for name, value in world.variables(services).items():
            click.echo(f"export {name}='{value}'")
        _note("The stand-ins are up. Press Ctrl-C to stop them.")
        with suppress(KeyboardInterrupt):
            signal.pause()


def _note(message: str) -> None:
    """Print progress to stderr, so that stdout has only results."""
    click.echo(message, err=True)


OPERATING_COMMANDS = (status, doctor, migrate, serve, demo)
