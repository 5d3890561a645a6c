"""The commands for published figures: audit and import a feed, approve, withdraw.

Here: their arguments and output. Not here: earlier versions (`as_of`), the work (`published`, `opg_feed`).
"""

import sys
from datetime import UTC, date, datetime
from pathlib import Path

import click

from perf_pipeline.catalogue.indicators import INDICATORS, IndicatorName
from perf_pipeline.catalogue.reporting_days import london_day
from perf_pipeline.catalogue.services import load_services
from perf_pipeline.cli.arguments import known_service
from perf_pipeline.cli.output import as_json, write_json
from perf_pipeline.cli.progress import loading
from perf_pipeline.errors import UsageError
from perf_pipeline.settings import load_settings


@click.command("audit-feed", short_help="List the faults of an OPG feed file.")
@click.argument("file", type=click.Path(path_type=Path))
@as_json
def audit_feed(file: Path, is_json: bool) -> None:
    """List the faults of an OPG feed file, each with its entry. The file may be about any service."""
    from perf_pipeline.opg_feed.audit import audit, conclusion, notes, report
    from perf_pipeline.opg_feed.entries import read_feed

    services = load_services(load_settings().services_file)
    feed = read_feed(file, london_day(datetime.now(UTC)))
    faults = audit(feed)
    noted = notes(feed, [service.slug for service in services])
    if is_json:
        write_json(report(feed, faults, noted))
    else:
        for sentence in (*(fault.sentence for fault in faults), *noted):
            click.echo(sentence)
        click.echo(conclusion(feed, faults))
    if faults:
        sys.exit(1)


@click.command(short_help="Publish the figures that wait for approval.")
@click.option("--service", required=True, help="A service whose figures a person approves (approval = required).")
def approve(service: str) -> None:
    """Approve and publish the built figures of a service."""
    settings = load_settings()
    if not known_service(settings, service).approval == "required":
        raise UsageError(
            f"The figures of {service} need no approval.",
            next_step=f'set approval = "required" for {service} in the services file, if they should need it.',
        )
    with loading():
        from perf_pipeline.orchestration.republishing import publish_approved

        causes = publish_approved(settings, service)
    for cause in causes:
        click.echo(f"Failed: {cause}", err=True)
    if causes:
        sys.exit(1)
    click.echo(f"The built figures of {service} that passed their checks are published.")


@click.command(short_help="Withdraw a published figure, or restore it.")
@click.option("--service", required=True, help="The service of the figure.")
@click.option("--indicator", type=click.Choice(list(INDICATORS)), required=True, help="The indicator of the figure.")
@click.option("--period", required=True, help="A month as 2026-05, or a day as 2026-05-01.")
@click.option("--reason", help="The reason, which readers see. Never a person's name.")
@click.option("--restore", is_flag=True, help="Publish a withdrawn figure again. --reason is optional then.")
def withdraw(service: str, indicator: IndicatorName, period: str, reason: str | None, restore: bool) -> None:
    """Withdraw a published figure. It stays in the series as not available, with the reason."""
    from perf_pipeline.published.withdrawing import Withdrawal

    reason = " ".join((reason or "").split()) or None
    if reason is None and not restore:
        raise click.UsageError("Give --reason, or --restore.")
    settings = load_settings()
    figure = Withdrawal(known_service(settings, service).slug, indicator, *_period_of(period))
    with loading():
        from perf_pipeline.orchestration.republishing import publish_restored, publish_withdrawn

        if restore:
            publish_restored(settings, figure, reason)
        elif reason:
            publish_withdrawn(settings, figure, reason)
    click.echo(f"{'Restored' if restore else 'Withdrawn'}: {indicator} of {service}, {period}.")


@click.command("import-history", short_help="Publish the months of an OPG feed as imported.")
@click.argument("file", type=click.Path(path_type=Path))
def import_history(file: Path) -> None:
    """Add the months of an OPG feed file to the series as imported figures. Computed figures supersede them."""
    from perf_pipeline.opg_feed import importing
    from perf_pipeline.opg_feed.entries import read_feed

    settings = load_settings()
    now = datetime.now(UTC)
    history = importing.history_of(read_feed(file, london_day(now)), load_services(settings.services_file), now)
    with loading():
        from perf_pipeline.orchestration.resources import open_for_planning
        from perf_pipeline.published.release_asset import make_release

        with open_for_planning(settings) as systems:
            imported = importing.import_history(systems, history)
            make_release(systems, importing.RUN_ID)
    for line in history.left_out:
        click.echo(f"Left out: {line}")
    click.echo("\n".join(imported) or "Nothing was imported.")
    click.echo(f"\nFiles: {systems.publish_dir}")


def _period_of(text: str) -> tuple[date, str]:
    """The first day and the length of a period written as 2026-05 or 2026-05-01."""
    try:
        return (date.fromisoformat(f"{text}-01"), "month") if len(text) == 7 else (date.fromisoformat(text), "day")
    except ValueError:
        raise UsageError(
            f"{text!r} is not a period.", next_step="write a month as 2026-05 or a day as 2026-05-01."
        ) from None


FIGURE_COMMANDS = (audit_feed, approve, withdraw, import_history)
