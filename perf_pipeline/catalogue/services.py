"""The services file: the services, their indicators and their sources (DESIGN 5)."""

import tomllib
from collections import Counter
from collections.abc import Hashable, Iterator
from datetime import date
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError, field_validator, model_validator

from perf_pipeline.catalogue.indicators import IndicatorName
from perf_pipeline.catalogue.sources import SOURCES, sources_for
from perf_pipeline.catalogue.thresholds import THRESHOLDS
from perf_pipeline.catalogue.value_faults import in_words
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


class SourceEntry(_Entry):
    """Where one source of a service is. The source's entry in the catalogue lists the options that it needs."""

    slug: str | None = None
    """The slug of the page under gov.uk/done, as in the exports."""
    database: _DatabaseVariable | None = None
    """The variable with the URL of the service's database."""
    first_day: date | None = None
    """The first day that the source has data for. Figures of earlier days are not available."""


class HeadlineSource(_Entry):
    """The source of the headline ratings from a day on."""

    first_day: date = Field(alias="from")
    source: str

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
    sources: dict[str, SourceEntry]
    indicators: dict[IndicatorName, Audience]
    headline_sources: tuple[HeadlineSource, ...] = ()
    """Ordered by first day. A service that publishes user satisfaction has at least one."""
    first_day: date | None = None
    """The day on which the service began. Figures of earlier days are not available."""
    approval: Literal["none", "required"] = "none"
    """Whether built figures are published only after `perf-pipeline approve`."""
    thresholds: dict[str, Annotated[float, Field(gt=0, allow_inf_nan=False)]] = {}
    """Thresholds of the checks for this service that differ from the general ones."""

    def sources_of(self, indicator: IndicatorName) -> tuple[str, ...]:
        """Names of the sources that the service has for an indicator."""
        return tuple(source for source in sources_for(indicator) if source in self.sources)

    @property
    def delivering(self) -> tuple[str, ...]:
        """Names of its sources that deliver data for an indicator that it publishes."""
        needed = {source for indicator in self.indicators for source in self.sources_of(indicator)}
        return tuple(source for source in SOURCES if source in needed)

    def first_day_of(self, source: str) -> date:
        """The first day that a source of the service has data for. `date.min` without a limit."""
        days = (self.first_day, self.sources[source].first_day)
        return max((day for day in days if day is not None), default=date.min)

    def headline_source(self, day: date) -> str | None:
        """The source of the headline ratings on a day. None when the service has no such figure."""
        begun = [era.source for era in self.headline_sources if era.first_day <= day]
        return begun[-1] if begun else next((era.source for era in self.headline_sources), None)

    def changes_headline_source(self, first: date, last: date) -> bool:
        """Whether the headline source changes within the period, which is then marked `[b]`."""
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
            raise ValueError(f"{', '.join(unknown)} is not a threshold; expected one of {', '.join(THRESHOLDS)}")
        return thresholds

    @field_validator("headline_sources")
    @classmethod
    def _put_in_order(cls, eras: tuple[HeadlineSource, ...]) -> tuple[HeadlineSource, ...]:
        if len({era.first_day for era in eras}) < len(eras):
            raise ValueError("two of them begin on the same day")
        return tuple(sorted(eras, key=lambda era: era.first_day))

    @field_validator("sources")
    @classmethod
    def _know_sources(cls, entries: dict[str, SourceEntry]) -> dict[str, SourceEntry]:
        for name, entry in entries.items():
            if name not in SOURCES:
                raise ValueError(f"{name} is not a source; expected one of {', '.join(SOURCES)}")
            given = set(entry.model_dump(exclude_none=True)) - {"first_day"}
            if given != set(SOURCES[name].options):
                takes = ", ".join(SOURCES[name].options) or "nothing"
                raise ValueError(f"{name} takes {takes} (and first_day); found {', '.join(sorted(given)) or 'nothing'}")
        return entries

    @model_validator(mode="after")
    def _check_sources(self) -> "Service":
        without = [indicator for indicator in self.indicators if not self.sources_of(indicator)]
        if without:
            raise ValueError(f"publishes {', '.join(without)} but has no source for it")
        if "user-satisfaction" in self.indicators and not self.headline_sources:
            raise ValueError("publishes user-satisfaction but names no headline source (headline_sources)")
        missing = {era.source for era in self.headline_sources} - set(self.sources_of("user-satisfaction"))
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

    @property
    def pairs(self) -> Iterator[tuple[Service, str]]:
        """Each service with each of its sources that deliver data for an indicator that it publishes."""
        return ((service, source) for service in self for source in service.delivering)

    def publishing(self, indicator: IndicatorName) -> list[Service]:
        """The services that publish an indicator."""
        return [service for service in self if indicator in service.indicators]


def load_services(path: Path | None = None) -> Services:
    """Read and validate a services file. The ending of its name selects TOML or YAML.

    Raises SettingsError with the file, the entry and the fault.
    """
    file = path or DEFAULT_FILE
    next_step = f"correct it; {DEFAULT_FILE.name} in perf_pipeline/catalogue shows the form."
    try:
        text = file.read_text(encoding="utf-8")
        # This is a safe loader. Our subclass only rejects duplicate keys.
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
    """The services, and every fault of the file with its entry."""
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
            faults += [f"{'.'.join(map(str, [slug, *fault['loc']]))}: {in_words(fault)}" for fault in error.errors()]
    feeds = Counter(service.feed for service in services)
    faults += [f"feed {feed} belongs to more than one service" for feed, count in feeds.items() if count > 1]
    return tuple(services), [*faults, *_shared_sources(services)]


def _shared_sources(services: list[Service]) -> Iterator[str]:
    """Faults of services that share a source. Its rows do not name a service, so both would get the same numbers."""
    owners: dict[tuple[str, str | None, str | None], str] = {}
    for service in services:
        for name, entry in service.sources.items():
            owner = owners.setdefault((name, entry.slug, entry.database), service.slug)
            if owner != service.slug:
                yield f"{service.slug} has the source {name} of {owner}: both would get the same numbers"


class _EachKeyOnce(yaml.SafeLoader):
    """YAML that rejects duplicate keys, as TOML does. Otherwise a service would be lost silently."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, object]:
        keys = [key.value for key, _ in node.value]
        twice = sorted({str(key) for key in keys if keys.count(key) > 1})
        if twice:
            raise yaml.constructor.ConstructorError(None, None, f"{', '.join(twice)} occurs twice", node.start_mark)
        return super().construct_mapping(node, deep=deep)
