"""The services file: which services there are, what they publish and where their data come from (DESIGN 5)."""

import tomllib
from collections import Counter
from collections.abc import Hashable, Iterator
from datetime import date
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError, field_validator, model_validator

from perf_pipeline.catalogue.metrics import FEEDBACK_SOURCES, METRICS, FeedbackSource, Indicator
from perf_pipeline.catalogue.thresholds import THRESHOLDS
from perf_pipeline.errors import SettingsError

FEEDS_FOLDER = "feeds"
DEFAULT_FILE = Path(__file__).with_name("services.toml")

Audience = Literal["public", "internal"]
_Slug = Annotated[str, StringConstraints(pattern=r"^[a-zA-Z-]+$")]
_FilePart = Annotated[str, StringConstraints(pattern=r"^[a-zA-Z0-9_-]+$")]
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

    @field_validator("first_day")
    @classmethod
    def _begin_a_month(cls, day: date) -> date:
        if day.day != 1:
            raise ValueError("a headline source begins on the first day of a month, or that month would have two")
        return day


class Service(_Entry):
    """One service of the file."""

    slug: _Slug
    title: Title
    feed: _FilePart
    sources: Sources
    indicators: dict[Indicator, Audience]
    headline_sources: tuple[HeadlineSource, ...] = ()
    """In the order of their first days; at least one where the service publishes user satisfaction."""
    approval: Literal["none", "required"] = "none"
    """Whether figures that are built wait for `perf-pipeline approve` before they are published."""
    thresholds: dict[str, Annotated[float, Field(gt=0, allow_inf_nan=False)]] = {}
    """What the checks tolerate for this service, where that is not what they tolerate for all."""

    def sources_of(self, indicator: Indicator) -> tuple[str, ...]:
        """Names of the sources that the service has for an indicator."""
        has = self.sources.model_dump(by_alias=True, exclude_none=True)
        return tuple(source for source in METRICS[indicator].sources if source in has)

    @property
    def feedback_sources(self) -> tuple[FeedbackSource, ...]:
        """The sources of ratings that the service has."""
        has = {"done-page": self.sources.done_page, "in-service": self.sources.in_service}
        return tuple(name for name in FEEDBACK_SOURCES if has[name] is not None)

    def headline_source(self, day: date) -> FeedbackSource | None:
        """The ratings that are the headline figure on a day; None where the service has no such figure."""
        begun = [era.source for era in self.headline_sources if era.first_day <= day]
        return begun[-1] if begun else next((era.source for era in self.headline_sources), None)

    def changes_headline_source(self, first: date, last: date) -> bool:
        """Whether another source becomes the headline within the period: it carries `[b]`."""
        return any(
            first <= later.first_day <= last and later.source != earlier.source
            for earlier, later in pairwise(self.headline_sources)
        )

    @field_validator("slug")
    @classmethod
    def _leave_the_feeds_their_folder(cls, slug: str) -> str:
        if slug == FEEDS_FOLDER:
            raise ValueError(f"{FEEDS_FOLDER} is the folder of the feed files")
        return slug

    @field_validator("thresholds")
    @classmethod
    def _know_thresholds(cls, thresholds: dict[str, float]) -> dict[str, float]:
        unknown = sorted(set(thresholds) - set(THRESHOLDS))
        if unknown:
            raise ValueError(f"{', '.join(unknown)} is no threshold; there are {', '.join(THRESHOLDS)}")
        return thresholds

    @field_validator("headline_sources")
    @classmethod
    def _put_in_order(cls, eras: tuple[HeadlineSource, ...]) -> tuple[HeadlineSource, ...]:
        if len({era.first_day for era in eras}) < len(eras):
            raise ValueError("two of them begin on the same day")
        return tuple(sorted(eras, key=lambda era: era.first_day))

    @model_validator(mode="after")
    def _check_sources(self) -> "Service":
        without = [indicator for indicator in self.indicators if not self.sources_of(indicator)]
        if without:
            raise ValueError(f"publishes {', '.join(without)} but has no source for it")
        if "user-satisfaction" in self.indicators and not self.headline_sources:
            raise ValueError("publishes user-satisfaction but names no headline source (headline_sources)")
        missing = {era.source for era in self.headline_sources} - set(self.feedback_sources)
        if missing:
            raise ValueError(f"has headline source {', '.join(sorted(missing))} but no such source")
        return self


class Services:
    """All services of the file, in its order."""

    def __init__(self, services: tuple[Service, ...]) -> None:
        self._by_slug = {service.slug: service for service in services}

    def __iter__(self) -> Iterator[Service]:
        return iter(self._by_slug.values())

    def __contains__(self, slug: object) -> bool:
        return slug in self._by_slug

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
        # A safe loader: all that ours adds is a refusal.
        entries = yaml.load(text, _EachKeyOnce) if file.suffix in (".yaml", ".yml") else tomllib.loads(text)  # noqa: S506
    except OSError as error:
        raise SettingsError(f"The services file {file} can't be read: {error.strerror}.", next_step=next_step) from None
    except (UnicodeDecodeError, tomllib.TOMLDecodeError, yaml.YAMLError) as error:
        raise SettingsError(f"The services file {file} can't be read: {error}.", next_step=next_step) from None
    services, faults = _validated(entries)
    if faults:
        raise SettingsError(f"The services file {file} is not valid: {'; '.join(faults)}.", next_step=next_step)
    return Services(services)


def _validated(entries: object) -> tuple[tuple[Service, ...], list[str]]:
    """The services, and every fault of the file, by entry."""
    if not isinstance(entries, dict) or not entries:
        return (), ["it names no service"]
    services: list[Service] = []
    faults: list[str] = []
    for slug, entry in entries.items():
        if not isinstance(entry, dict) or "slug" in entry:
            faults.append(f"{slug} must be a table of its own, without a slug inside")
            continue
        try:
            services.append(Service.model_validate({"slug": slug, **entry}))
        except ValidationError as error:
            faults += [_fault(slug, [*fault["loc"]], fault["msg"]) for fault in error.errors()]
    feeds = Counter(service.feed for service in services)
    faults += [f"feed {feed} belongs to more than one service" for feed, count in feeds.items() if count > 1]
    return tuple(services), faults


def _fault(slug: object, place: list[int | str], message: str) -> str:
    return f"{'.'.join(map(str, [slug, *place]))}: {message.removeprefix('Value error, ')}"


class _EachKeyOnce(yaml.SafeLoader):
    """YAML as TOML has it: a key that stands twice in a table is an error, not a service lost in silence."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, object]:
        keys = [key.value for key, _ in node.value]
        twice = sorted({str(key) for key in keys if keys.count(key) > 1})
        if twice:
            raise yaml.constructor.ConstructorError(None, None, f"{', '.join(twice)} stands twice", node.start_mark)
        return super().construct_mapping(node, deep=deep)
