"""The services file: which services there are, what they publish and where their data come from (DESIGN 5)."""

import tomllib
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Annotated, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError, model_validator

from perf_pipeline.errors import SettingsError

DEFAULT_FILE = Path(__file__).with_name("services.toml")

Indicator = Literal["user-satisfaction", "completion-rate", "digital-take-up"]
Audience = Literal["public", "internal"]
FeedbackSource = Literal["done-page", "in-service"]
_Slug = Annotated[str, StringConstraints(pattern=r"^[a-zA-Z-]+$")]
_DatabaseVariable = Annotated[str, StringConstraints(pattern=r"^PERF_[A-Z_]+_DATABASE_URL$")]


class _Entry(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Title(_Entry):
    """The service's name in English and Welsh."""

    en: str
    cy: str


class DonePage(_Entry):
    """The service's page under gov.uk/done, by the slug that the exports carry."""

    slug: str


class ServiceDatabase(_Entry):
    """A database of the service, by the variable that holds its URL."""

    database: _DatabaseVariable


class Sirius(_Entry):
    """Channel counts of the Sirius data API; nothing to say."""


class Sources(_Entry):
    """The systems that know about the service; None where one does not."""

    done_page: DonePage | None = Field(default=None, alias="done-page")
    in_service: ServiceDatabase | None = Field(default=None, alias="in-service")
    applications: ServiceDatabase | None = None
    sirius: Sirius | None = None


class HeadlineSource(_Entry):
    """Which ratings are the headline figure from a day on."""

    first_day: date = Field(alias="from")
    source: FeedbackSource


class Service(_Entry):
    """One service of the file."""

    slug: _Slug
    title: Title
    feed: str
    sources: Sources
    indicators: dict[Indicator, Audience]
    headline_sources: tuple[HeadlineSource, ...] = Field(min_length=1)

    @property
    def feedback_sources(self) -> tuple[FeedbackSource, ...]:
        """The sources of ratings that the service has."""
        has = {"done-page": self.sources.done_page, "in-service": self.sources.in_service}
        return tuple(name for name in ("done-page", "in-service") if has[name] is not None)

    def headline_source(self, day: date) -> FeedbackSource:
        """The ratings that are the headline figure on a day."""
        ordered = sorted(self.headline_sources, key=lambda era: era.first_day)
        return [era for era in ordered if era.first_day <= day or era is ordered[0]][-1].source

    def changes_headline_source(self, first: date, last: date) -> bool:
        """Whether another source becomes the headline within the period: it carries `[b]`."""
        later = sorted(era.first_day for era in self.headline_sources)[1:]
        return any(first <= day <= last for day in later)

    @model_validator(mode="after")
    def _check_sources(self) -> "Service":
        needs = {
            "user-satisfaction": bool(self.feedback_sources),
            "completion-rate": self.sources.applications is not None,
            "digital-take-up": self.sources.sirius is not None,
        }
        without = [indicator for indicator in self.indicators if not needs[indicator]]
        if without:
            raise ValueError(f"publishes {', '.join(without)} but has no source for it")
        missing = {era.source for era in self.headline_sources} - set(self.feedback_sources)
        if missing and "user-satisfaction" in self.indicators:
            raise ValueError(f"has headline source {', '.join(sorted(missing))} but no such source")
        return self


class Services:
    """All services of the file, in its order."""

    def __init__(self, services: tuple[Service, ...]) -> None:
        self._by_slug = {service.slug: service for service in services}

    def __iter__(self) -> Iterator[Service]:
        return iter(self._by_slug.values())

    def __getitem__(self, slug: str) -> Service:
        return self._by_slug[slug]

    def publishing(self, indicator: Indicator) -> list[Service]:
        """The services that publish an indicator."""
        return [service for service in self if indicator in service.indicators]


def load_services(path: Path | None = None) -> Services:
    """Read and validate a services file, TOML or YAML by its ending.

    Raises SettingsError naming the file, the entry and what is wrong with it.
    """
    file = path or DEFAULT_FILE
    next_step = f"correct it; {DEFAULT_FILE.name} in perf_pipeline/catalogue shows the form."
    try:
        text = file.read_text(encoding="utf-8")
        entries = yaml.safe_load(text) if file.suffix in (".yaml", ".yml") else tomllib.loads(text)
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, yaml.YAMLError) as error:
        raise SettingsError(f"The services file {file} can't be read: {error}.", next_step=next_step) from None
    try:
        return Services(tuple(Service(slug=slug, **entry) for slug, entry in entries.items()))
    except (ValidationError, TypeError, AttributeError) as error:
        faults = (
            "; ".join(f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}" for fault in error.errors())
            if isinstance(error, ValidationError)
            else "every entry must be a table"
        )
        raise SettingsError(f"The services file {file} is not valid: {faults}.", next_step=next_step) from None
