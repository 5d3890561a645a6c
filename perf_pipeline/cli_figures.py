"""The commands for published figures: show earlier versions, audit, import, approve and withdraw.

Here: their arguments and output. Not here: the commands that build figures (`cli`), the work (`published`, `opg_feed`).
"""

import csv
import sys
from datetime import UTC, date, datetime
from pathlib import Path

import click

from perf_pipeline.catalogue.datasets import DATASETS, PERIODS
from perf_pipeline.catalogue.indicators import INDICATORS, IndicatorName
from perf_pipeline.catalogue.reporting_days import LONDON, london_day
from perf_pipeline.catalogue.services import Service, load_services
from perf_pipeline.errors import UsageError
from perf_pipeline.settings import Settings, load_settings


class _Instant(click.ParamType[datetime]):
    name = "INSTANT"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        try:
            instant = datetime.fromisoformat(str(value))
            # Times without an offset are Europe/London.
            return (instant if instant.tzinfo else instant.replace(tzinfo=LONDON)).astimezone(UTC)
        except (ValueError, OverflowError):
            self.fail(f"{value!r} is not an instant; write it as 2026-05-01 or 2026-05-01T09:30.", param, ctx)


@click.command("as-of")
@click.argument("instant", type=_Instant())
@click.option("--service", help="One service. Default: all.")
@click.option("--indicator", type=click.Choice(list(INDICATORS)), help="One indicator. Default: all.")
@click.option("--period", type=click.Choice(list(PERIODS)), default="monthly", show_default=True)
def as_of(instant: datetime, service: str | None, indicator: IndicatorName | None, period: str) -> None:
    """Show the figures that were published at INSTANT, as CSV. INSTANT is in Europe/London if it has no offset.

    A day alone means its beginning. Each indicator has its own columns, after an empty line.
    """
    from perf_pipeline.orchestration.resources import open_warehouse
    from perf_pipeline.published.as_of import figures_as_of
    from perf_pipeline.published.files import file_columns
    from perf_pipeline.warehouse.engine import connected
    from perf_pipeline.warehouse.migrating import check_migrated

    settings = load_settings()
    asked = [_known_service(settings, service)] if service else list(load_services(settings.services_file))
    names = [
        name for name in INDICATORS if indicator in (None, name) and any(name in entry.indicators for entry in asked)
    ]
    if not names:
        raise UsageError(
            f"{service} publishes no {indicator}." if service else f"No service publishes {indicator}.",
            next_step="leave out --indicator to see everything that is published.",
        )
    writer = csv.writer(sys.stdout, lineterminator="\n")
    with open_warehouse(settings) as warehouse, connected(warehouse) as connection:
        check_migrated(warehouse)
        for place, name in enumerate(names):
            if place:
                click.echo()
            columns = file_columns(DATASETS[INDICATORS[name].published_dataset], PERIODS[period])
            writer.writerow(columns)
            for entry in asked:
                if name in entry.indicators:
                    rows = figures_as_of(connection, name, entry.slug, PERIODS[period], instant, columns=columns)
                    writer.writerows(rows)


@click.command("audit-feed")
@click.argument("file", type=click.Path(path_type=Path))
def audit_feed(file: Path) -> None:
    """List the faults of an OPG feed file, each with its entry. The file may be about any service."""
    from perf_pipeline.opg_feed.audit import audit, conclusion, notes
    from perf_pipeline.opg_feed.entries import read_feed

    services = load_services(load_settings().services_file)
    feed = read_feed(file, london_day(datetime.now(UTC)))
    faults = audit(feed)
    for sentence in (*(fault.sentence for fault in faults), *notes(feed, [service.slug for service in services])):
        click.echo(sentence)
    click.echo(conclusion(feed, faults))
    if faults:
        sys.exit(1)


@click.command()
@click.option("--service", required=True, help="A service whose figures a person approves (approval = required).")
def approve(service: str) -> None:
    """Approve and publish the built figures of a service."""
    from perf_pipeline.orchestration.republishing import publish_approved

    settings = load_settings()
    if not _known_service(settings, service).approval == "required":
        raise UsageError(
            f"The figures of {service} need no approval.",
            next_step=f'set approval = "required" for {service} in the services file, if they should need it.',
        )
    causes = publish_approved(settings, service)
    for cause in causes:
        click.echo(f"Failed: {cause}", err=True)
    if causes:
        sys.exit(1)
    click.echo(f"The built figures of {service} that passed their checks are published.")


@click.command()
@click.option("--service", required=True)
@click.option("--indicator", type=click.Choice(list(INDICATORS)), required=True)
@click.option("--period", required=True, help="A month as 2026-05, or a day as 2026-05-01.")
@click.option("--reason", help="The reason, which readers see. Never a person's name.")
@click.option("--restore", is_flag=True, help="Publish a withdrawn figure again. --reason is optional then.")
def withdraw(service: str, indicator: IndicatorName, period: str, reason: str | None, restore: bool) -> None:
    """Withdraw a published figure. It stays in the series as not available, with the reason."""
    from perf_pipeline.orchestration.republishing import publish_restored, publish_withdrawn
    from perf_pipeline.published.withdrawing import Withdrawal

    reason = " ".join((reason or "").split()) or None
    if reason is None and not restore:
        raise click.UsageError("Give --reason, or --restore.")
    settings = load_settings()
    figure = Withdrawal(_known_service(settings, service).slug, indicator, *_period_of(period))
    if restore:
        publish_restored(settings, figure, reason)
        click.echo(f"Restored: {indicator} of {service}, {period}.")
    elif reason:
        publish_withdrawn(settings, figure, reason)
        click.echo(f"Withdrawn: {indicator} of {service}, {period}.")


@click.command("import-history")
@click.argument("file", type=click.Path(path_type=Path))
def import_history(file: Path) -> None:
    """Add the months of an OPG feed file to the series as imported figures. Computed figures supersede them."""
    from perf_pipeline.opg_feed import importing
    from perf_pipeline.opg_feed.entries import read_feed
    from perf_pipeline.orchestration.resources import open_systems
    from perf_pipeline.published.release_asset import make_release

    settings = load_settings()
    now = datetime.now(UTC)
    history = importing.history_of(read_feed(file, london_day(now)), load_services(settings.services_file), now)
    with open_systems(settings, progress=lambda message: click.echo(message, err=True)) as systems:
        imported = importing.import_history(systems, history)
        make_release(systems, importing.RUN_ID)
    for line in history.left_out:
        click.echo(f"Left out: {line}")
    click.echo("\n".join(imported) or "Nothing was imported.")
    click.echo(f"\nFiles: {systems.publish_dir}")


def _known_service(settings: Settings, slug: str) -> Service:
    services = load_services(settings.services_file)
    if slug not in services:
        raise UsageError(
            f"{slug} is not in the services file.",
            next_step=f"name one of {', '.join(service.slug for service in services)}.",
        )
    return services[slug]


def _period_of(text: str) -> tuple[date, str]:
    """The first day and the length of a period written as 2026-05 or 2026-05-01."""
    try:
        return (date.fromisoformat(f"{text}-01"), "month") if len(text) == 7 else (date.fromisoformat(text), "day")
    except ValueError:
        raise UsageError(
            f"{text!r} is not a period.", next_step="write a month as 2026-05 or a day as 2026-05-01."
        ) from None


FIGURE_COMMANDS = (as_of, audit_feed, approve, withdraw, import_history)
