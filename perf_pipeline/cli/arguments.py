"""Arguments of commands: days, instants and services as people write them."""

from datetime import UTC, date, datetime

import click

from perf_pipeline.catalogue.reporting_days import LONDON
from perf_pipeline.catalogue.services import Service, load_services
from perf_pipeline.errors import UsageError
from perf_pipeline.settings import Settings


class _Day(click.ParamType[date]):
    name = "YYYY-MM-DD"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> date:
        if isinstance(value, date):
            return value
        try:
            return date.fromisoformat(str(value))
        except ValueError:
            self.fail(f"{value!r} is not a day; write it as 2026-05-01.", param, ctx)


class _Instant(click.ParamType[datetime]):
    name = "INSTANT"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        try:
            instant = datetime.fromisoformat(str(value))
            # Times without an offset are Europe/London.
            return (instant if instant.tzinfo else instant.replace(tzinfo=LONDON)).astimezone(UTC)
        except (ValueError, OverflowError):
            self.fail(f"{value!r} is not an instant; write it as 2026-05-01 or 2026-05-01T09:30.", param, ctx)


DAY = _Day()
INSTANT = _Instant()


def known_service(settings: Settings, slug: str) -> Service:
    """The service of that slug. Raises UsageError with the known ones."""
    services = load_services(settings.services_file)
    if slug not in services:
        raise UsageError(
            f"{slug} is not in the services file.",
            next_step=f"name one of {', '.join(service.slug for service in services)}.",
        )
    return services[slug]
