"""Every PERF_* variable, typed. Nothing else in the package reads the environment.

With no database and no source variable set the *embedded default* is in force: a PostgreSQL of our own under `PERF_HOME`
and stand-ins for the systems we read. With any of them set nothing is stood in: an unset source makes its figures `[x]`.
"""

import os
import re
import time
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Literal
from urllib.parse import SplitResult, unquote, urlsplit

from pydantic import AwareDatetime, Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from perf_pipeline.catalogue.services import Service, Services
from perf_pipeline.catalogue.sources import SOURCES
from perf_pipeline.errors import SettingsError

DRIVER = "postgresql+psycopg2"
FIRST_POSSIBLE_DAY = date(2021, 1, 1)
_NEXT_STEP = "correct it; .env.example describes every variable."
_DAGSTER_DATABASE = "PERF_DAGSTER_DATABASE_URL"
_SERVICE_DATABASE = re.compile(r"PERF_[A-Z_]+_DATABASE_URL")
_EMAIL_ADDRESS = re.compile(r"[\w.!#$%&'*+/=?^`{|}~-]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*", re.ASCII)
_HTTP = ("http", "https")
_STARTED = time.monotonic()


class Settings(BaseSettings):
    """The variables of one process. `load_settings()` reads them; tests may construct it directly."""

    model_config = SettingsConfigDict(env_prefix="PERF_", env_ignore_empty=True, frozen=True, extra="ignore")

    database_url: SecretStr | None = Field(
        default=None, description="Our warehouse (schema `perf`), PostgreSQL 14 or newer."
    )
    dagster_database_url: SecretStr | None = Field(
        default=None, description="Dagster's own storage. Default: the database of PERF_DATABASE_URL."
    )
    first_day: date = Field(default=date(2025, 5, 1), description="First reporting day (Europe/London).")
    lpa_database_url: SecretStr | None = Field(
        default=None, description="The Make an LPA database, only ever read. Unset: its figures are not available."
    )
    sirius_url: str | None = Field(default=None, description="Base address of the Sirius data API. Unset: no take-up.")
    sirius_auth: Literal["none", "sigv4"] = Field(default="none", description="How to sign requests to Sirius.")
    feedback_exports_dir: str | None = Field(
        default=None, description="Folder with the GOV.UK Feedback Explorer exports. Unset: no done-page ratings."
    )
    publish_dir: str = Field(default="published", description="Folder that the releases appear in.")
    services_file: Path | None = Field(
        default=None, description="TOML or YAML file of services. Default: the one in the package."
    )
    home: Path = Field(
        default=Path(".perf"), description="State of the embedded default, of Dagster, and the hash key."
    )
    hash_key: SecretStr | None = Field(
        default=None,
        description="Key of the hashes that stand for application ids. Default: made once, kept in PERF_HOME/hash.key.",
    )
    data_docs_url: str | None = Field(
        default=None,
        description="Address at which PERF_HOME/data_docs is served. Default: links to the files.",
    )
    dagit_port: int = Field(default=3000, ge=1, le=65535, description="Port of Dagit on 127.0.0.1.")
    dagit_url: str | None = Field(
        default=None,
        description="Address of Dagit that links in alerts lead to. Default: 127.0.0.1 at PERF_DAGIT_PORT.",
    )
    now_is: AwareDatetime | None = Field(
        default=None,
        validation_alias="PERF_NOW",
        description="For tests: the instant at which the process begins. Unset: the present.",
    )
    alert_webhook_url: SecretStr | None = Field(
        default=None, description="Incoming webhook that alerts are posted to. Unset: none."
    )
    alert_email_to: str | None = Field(
        default=None, description="Who gets alerts by e-mail: addresses, comma separated. Unset: nobody."
    )
    alert_email_from: str | None = Field(default=None, description="The address that alerts come from.")
    smtp_url: SecretStr | None = Field(
        default=None, description="The mail server: smtp:// (STARTTLS where it is offered) or smtps:// (TLS)."
    )

    @field_validator("database_url", "dagster_database_url", "lpa_database_url")
    @classmethod
    def _name_the_driver(cls, value: SecretStr | None) -> SecretStr | None:
        return None if value is None else SecretStr(with_driver(value.get_secret_value()))

    @field_validator("first_day")
    @classmethod
    def _reject_impossible_first_day(cls, value: date) -> date:
        if value < FIRST_POSSIBLE_DAY:
            raise ValueError(f"must be {FIRST_POSSIBLE_DAY} or later, the first month ever published")
        return value

    @field_validator("publish_dir", "feedback_exports_dir")
    @classmethod
    def _reject_addresses(cls, value: str | None) -> str | None:
        if value is not None and "://" in value:
            raise ValueError("must be a folder; an address can't be used for it")
        return value

    @field_validator("dagit_url")
    @classmethod
    def _reject_what_no_link_begins_with(cls, value: str | None) -> str | None:
        if value is None:
            return None
        address = _address(value, _HTTP)
        if "@" in address.netloc:
            raise ValueError("holds a user or password, which every alert would show")
        if address.query or address.fragment:
            raise ValueError("holds a ? or #; expected only where Dagit begins, such as https://dagit.example")
        return value.rstrip("/")

    @field_validator("alert_webhook_url")
    @classmethod
    def _reject_other_webhooks(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None:
            _address(value.get_secret_value(), _HTTP)
        return value

    @field_validator("smtp_url")
    @classmethod
    def _reject_other_mail_servers(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None:
            address = _address(value.get_secret_value(), ("smtp", "smtps"))
            if address.path.strip("/") or address.query or address.fragment:
                raise ValueError("holds more than user, password, host and port; write a / of a password as %2F")
            if not unquote(address.netloc).isascii():
                raise ValueError("holds letters beyond ASCII, which mail servers take in no user or password")
            if bool(address.username) != bool(address.password):
                raise ValueError("holds only one of user and password; expected smtp://user:password@host:port")
        return value

    @field_validator("alert_email_to", "alert_email_from")
    @classmethod
    def _reject_what_is_no_email_address(cls, value: str | None) -> str | None:
        if value is not None and not all(map(_EMAIL_ADDRESS.fullmatch, _listed(value))):
            raise ValueError("is not a plain e-mail address, such as team@service.example")
        return value

    @field_validator("alert_email_from")
    @classmethod
    def _reject_several_senders(cls, value: str | None) -> str | None:
        if value is not None and "," in value:
            raise ValueError("holds several addresses; mail comes from one")
        return value

    @property
    def alert_recipients(self) -> list[str]:
        """The addresses that alerts are mailed to."""
        return _listed(self.alert_email_to or "")

    @property
    def dagit_address(self) -> str:
        """Where links to Dagit lead, without a closing slash."""
        return self.dagit_url or f"http://127.0.0.1:{self.dagit_port}"

    @property
    def is_embedded(self) -> bool:
        """Whether nothing points at a real system, so that all of them are stood in."""
        own = [getattr(self, source.setting) for source in SOURCES.values() if source.setting]
        return not any((self.database_url, self.lpa_database_url, *own)) and not _service_databases_set()

    def address_of(self, service: Service, source: str) -> str | None:
        """Folder or URL of a source of a service; None where it is not set. Where all are stood in, its mere name."""
        if self.is_embedded:
            return source
        entry = SOURCES[source]
        if entry.setting is not None:
            return getattr(self, entry.setting) or None
        variable = service.sources[source].database
        return self.database_url_named(variable) if variable else None

    def addresses(self, services: Services) -> dict[tuple[str, str], str]:
        """By service and source, the addresses that are set."""
        return {
            (service.slug, source): address
            for service, source in services.pairs
            if (address := self.address_of(service, source)) is not None
        }

    def now(self) -> datetime:
        """The present instant; with PERF_NOW set, that instant and the time since this process began."""
        if self.now_is is None:
            return datetime.now(UTC)
        return self.now_is + timedelta(seconds=time.monotonic() - _STARTED)

    def database_url_named(self, variable: str) -> str | None:
        """The URL that a PERF_* variable named in the services file holds; None where it is unset."""
        if variable == "PERF_LPA_DATABASE_URL":
            return None if self.lpa_database_url is None else self.lpa_database_url.get_secret_value()
        try:
            return with_driver(os.environ[variable]) if os.environ.get(variable) else None
        except ValueError as error:
            raise SettingsError(f"{variable} {error}.", next_step=_NEXT_STEP) from None


def _listed(addresses: str) -> list[str]:
    """The parts of a comma separated list."""
    return [part.strip() for part in addresses.split(",")] if addresses else []


def _address(url: str, schemes: tuple[str, ...]) -> SplitResult:
    """The parts of a URL. Raises ValueError, whose text holds nothing of it: the rest may be a secret."""
    expected = " or ".join(f"{scheme}://" for scheme in schemes)
    try:
        parts = urlsplit(url)
        is_whole = parts.scheme in schemes and bool(parts.hostname) and parts.port != 0
    except ValueError:
        # urllib's own quotes what stands where the port should; that may be the password.
        is_whole = False
    if not is_whole or not url.isprintable() or " " in url:
        raise ValueError(f"is not an address that begins with {expected} and names a host")
    return parts


def _service_databases_set() -> bool:
    """Whether a database that only the services file names is set."""
    names = (name for name, value in os.environ.items() if value and name != _DAGSTER_DATABASE)
    return any(_SERVICE_DATABASE.fullmatch(name) for name in names)


def unknown_variables() -> list[str]:
    """PERF_* variables that are set and that nothing reads: most likely a name mistyped."""
    known = {field.validation_alias or f"PERF_{name.upper()}" for name, field in Settings.model_fields.items()}
    ours = (name for name in os.environ if name.startswith("PERF_"))
    return sorted(name for name in ours if name not in known and not _SERVICE_DATABASE.fullmatch(name))


def with_driver(url: str) -> str:
    """A PostgreSQL URL with psycopg2 named: SQLAlchemy 2.1 reads a bare `postgresql://` as another driver.

    Raises ValueError, whose text holds nothing of the URL but the name of its driver.
    """
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):
        # A ValueError of SQLAlchemy's quotes what stands where the port should; that may be the password.
        raise ValueError("is not a database URL; expected postgresql+psycopg2://user@host:port/database") from None
    if "@" in (parsed.host or ""):
        raise ValueError("has an @ in its user or password; write it as %40")
    if parsed.drivername not in ("postgres", "postgresql", DRIVER):
        raise ValueError(f"names the driver {parsed.drivername}; only PostgreSQL through psycopg2 is supported")
    return parsed.set(drivername=DRIVER).render_as_string(hide_password=False)


def load_settings() -> Settings:
    """Read the environment. Raises SettingsError naming each wrong variable, never its value."""
    try:
        settings = Settings()
    except ValidationError as error:
        faults = "; ".join(
            f"PERF_{str(fault['loc'][0]).upper()} {fault['msg'].removeprefix('Value error, ')}"
            for fault in error.errors()
        )
        raise SettingsError(f"{faults}.", next_step=_NEXT_STEP) from None
    if settings.database_url is None and not settings.is_embedded:
        raise SettingsError(
            "A source variable is set but PERF_DATABASE_URL is not, so there is no warehouse to write to.",
            next_step="set PERF_DATABASE_URL, or unset the sources for the embedded default.",
        )
    _refuse_half_of_the_mail(settings)
    return settings


def _refuse_half_of_the_mail(settings: Settings) -> None:
    names = ("alert_email_to", "alert_email_from", "smtp_url")
    unset = [f"PERF_{name.upper()}" for name in names if getattr(settings, name) is None]
    if 0 < len(unset) < len(names):
        raise SettingsError(
            f"Alerts can't be mailed: {' and '.join(unset)} {'is' if len(unset) == 1 else 'are'} not set.",
            next_step="set all of PERF_ALERT_EMAIL_TO, PERF_ALERT_EMAIL_FROM and PERF_SMTP_URL, or none of them.",
        )
