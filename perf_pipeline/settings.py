"""Every PERF_* variable, typed. Nothing else in the package reads the environment, or the file `.env`.

When no database variable and no source variable is set, the *embedded default* is used: our own PostgreSQL in `PERF_HOME`,
and stand-ins for the sources. When any of them is set there are no stand-ins: figures of a source that is not set are `[x]`.
"""

import os
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, Literal

from dotenv import load_dotenv
from pydantic import AwareDatetime, Field, Secret, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from perf_pipeline.catalogue.services import Service, Services
from perf_pipeline.catalogue.sources import SOURCES
from perf_pipeline.catalogue.value_faults import in_words
from perf_pipeline.errors import SettingsError
from perf_pipeline.setting_types import (
    DatabaseUrl,
    EmailAddress,
    EmailAddresses,
    FirstDay,
    Folder,
    MailServer,
    SourceAddress,
    StartOfLinks,
    WebAddress,
    with_driver,
)
from perf_pipeline.source_bounds import SourceBounds

_NEXT_STEP = "correct it; .env.example describes every variable."
_DAGSTER_DATABASE = "PERF_DAGSTER_DATABASE_URL"
_SERVICE_DATABASE = re.compile(r"PERF_[A-Z_]+_DATABASE_URL")
_STARTED = time.monotonic()
ENV_FILE = Path(".env")


class Settings(BaseSettings):
    """The variables of one process. `load_settings()` reads them. Tests may construct it directly."""

    model_config = SettingsConfigDict(
        env_prefix="PERF_", env_ignore_empty=True, enable_decoding=False, frozen=True, extra="ignore"
    )

    database_url: DatabaseUrl | None = Field(
        default=None, description="Our warehouse (schema `perf`), PostgreSQL 14 or newer."
    )
    dagster_database_url: DatabaseUrl | None = Field(
        default=None, description="Dagster's own storage. Default: the database of PERF_DATABASE_URL."
    )
    first_day: FirstDay = Field(default=date(2025, 5, 1), description="First reporting day (Europe/London).")
    lpa_database_url: DatabaseUrl | None = Field(
        default=None, description="The Make an LPA database, read only. Unset: its figures are not available."
    )
    sirius_url: SourceAddress | None = Field(
        default=None, description="Base address of the Sirius data API. Unset: no take-up."
    )
    source_reading_seconds: float = Field(
        default=SourceBounds.reading_seconds, gt=0, description="Longest time that one reading of a source may take."
    )
    source_statement_seconds: float = Field(
        default=SourceBounds.statement_seconds, gt=0, description="Longest statement in a source's database."
    )
    source_lock_seconds: float = Field(
        default=SourceBounds.lock_seconds, gt=0, description="Longest wait for a lock in a source's database."
    )
    sirius_auth: Literal["none", "sigv4"] = Field(default="none", description="How to sign requests to Sirius.")
    feedback_exports_dir: Folder | None = Field(
        default=None, description="Folder with the GOV.UK Feedback Explorer exports. Unset: no done-page ratings."
    )
    publish_dir: Folder = Field(default="published", description="Folder for the releases.")
    services_file: Path | None = Field(
        default=None, description="TOML or YAML file of services. Default: the one in the package."
    )
    home: Path = Field(
        default=Path(".perf"), description="State of the embedded default, of Dagster, and the hash key."
    )
    hash_key: SecretStr | None = Field(
        default=None,
        description="Key of the hashes of application ids. Default: made once and kept in PERF_HOME/hash.key.",
    )
    data_docs_port: int = Field(
        default=3001, ge=1, le=65535, description="Port of the pages of the checks on 127.0.0.1."
    )
    data_docs_url: StartOfLinks | None = Field(
        default=None,
        description="Address of the pages of the checks for links. Default: 127.0.0.1 at PERF_DATA_DOCS_PORT.",
    )
    dagit_port: int = Field(default=3000, ge=1, le=65535, description="Port of Dagit on 127.0.0.1.")
    dagit_url: StartOfLinks | None = Field(
        default=None,
        description="Address of Dagit for links in alerts. Default: 127.0.0.1 at PERF_DAGIT_PORT.",
    )
    now_is: AwareDatetime | None = Field(
        default=None,
        validation_alias="PERF_NOW",
        description="For tests: the instant at which the process begins. Unset: the present.",
    )
    alert_webhook_url: Secret[WebAddress] | None = Field(
        default=None, description="Incoming webhook that alerts are posted to. Unset: none."
    )
    alert_email_to: EmailAddresses | None = Field(
        default=None, description="Addresses that get alerts by e-mail, comma separated. Unset: none."
    )
    alert_email_from: EmailAddress | None = Field(default=None, description="Sender address of alerts.")
    smtp_url: Secret[MailServer] | None = Field(
        default=None, description="The mail server: smtp:// (STARTTLS if it is offered) or smtps:// (TLS)."
    )

    @property
    def dagit_address(self) -> str:
        """The address for links to Dagit, without a closing slash."""
        return str(self.dagit_url or f"http://127.0.0.1:{self.dagit_port}").rstrip("/")

    @property
    def data_docs_dir(self) -> Path:
        """The folder of the pages of the checks."""
        return self.home.resolve() / "data_docs"

    @property
    def data_docs_address(self) -> str:
        """The address for links to the pages of the checks, without a closing slash."""
        return str(self.data_docs_url or f"http://127.0.0.1:{self.data_docs_port}").rstrip("/")

    @property
    def is_embedded(self) -> bool:
        """Whether no variable has the address of a real system, so that stand-ins replace all of them."""
        own = [getattr(self, source.setting) for source in SOURCES.values() if source.setting]
        return not any((self.database_url, self.lpa_database_url, *own)) and not _service_databases_set()

    def address_of(self, service: Service, source: str) -> str | None:
        """Folder or URL of a source of a service. None if it is not set. With stand-ins, only its name."""
        if self.is_embedded:
            return source
        entry = SOURCES[source]
        if entry.setting is not None:
            address = getattr(self, entry.setting)
            return str(address) if address else None
        variable = service.sources[source].database
        return self.database_url_named(variable) if variable else None

    def addresses(self, services: Services) -> dict[tuple[str, str], str]:
        """The addresses that are set, by service and source."""
        return {
            (service.slug, source): address
            for service, source in services.pairs
            if (address := self.address_of(service, source)) is not None
        }

    def now(self) -> datetime:
        """The present instant. With PERF_NOW set, that instant plus the time since this process began."""
        if self.now_is is None:
            return datetime.now(UTC)
        return self.now_is + timedelta(seconds=time.monotonic() - _STARTED)

    @property
    def source_bounds(self) -> SourceBounds:
        """How long one reading of a source may take."""
        return SourceBounds(self.source_reading_seconds, self.source_statement_seconds, self.source_lock_seconds)

    def database_url_named(self, variable: str) -> str | None:
        """The URL in a PERF_* variable that the services file names. None if it is not set."""
        if variable == "PERF_LPA_DATABASE_URL":
            return None if self.lpa_database_url is None else self.lpa_database_url.get_secret_value()
        try:
            return with_driver(os.environ[variable]) if os.environ.get(variable) else None
        except ValueError as error:
            raise SettingsError(f"{variable} {error}.", next_step=_NEXT_STEP) from None


def _service_databases_set() -> bool:
    """Whether a database variable is set that only the services file names."""
    names = (name for name, value in os.environ.items() if value and name != _DAGSTER_DATABASE)
    return any(_SERVICE_DATABASE.fullmatch(name) for name in names)


def unknown_variables() -> list[str]:
    """PERF_* variables that are set and not read, most likely misspelt."""
    known = {field.validation_alias or f"PERF_{name.upper()}" for name, field in Settings.model_fields.items()}
    ours = (name for name in os.environ if name.startswith("PERF_"))
    return sorted(name for name in ours if name not in known and not _SERVICE_DATABASE.fullmatch(name))


@dataclass(frozen=True)
class SettingFault:
    """What is wrong with one variable, or with variables that belong together. Never a value, which may be a secret."""

    variable: str
    what: str
    next_step: str = _NEXT_STEP


def load_settings() -> Settings:
    """Read `.env` and the environment. Raises SettingsError with the name of each wrong variable, never with its value."""
    settings, faults = examine_settings()
    if faults:
        raise SettingsError(f"{'; '.join(fault.what for fault in faults)}.", next_step=faults[0].next_step)
    return settings


def examine_settings() -> tuple[Settings, list[SettingFault]]:
    """The settings, where each wrong variable is as if it were not set, and what is wrong."""
    _read_env_file()
    try:
        settings = Settings()
    except ValidationError as error:
        wrong = {str(fault["loc"][0]): in_words(fault) for fault in error.errors()}
        unset: dict[str, Any] = {name: _default(name) for name in wrong}
        settings = Settings(**unset)
        faults = [SettingFault(_variable(name), f"{_variable(name)} {what}") for name, what in wrong.items()]
        return settings, faults
    return settings, [*_missing_warehouse(settings), *_incomplete_mail(settings)]


def _read_env_file() -> None:
    """Add what `.env` in the working directory says to the environment, so that children and libraries see it too.

    A variable that is set already stays as it is, even if it is empty.
    """
    try:
        # Docker does not replace ${…} in such a file either; a password may contain it.
        load_dotenv(ENV_FILE, override=False, interpolate=False)
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(
            f"The file {ENV_FILE.resolve()} can't be read: {getattr(error, 'strerror', None) or 'it is not UTF-8 text'}.",
            next_step="correct it or remove it; .env.example shows its form.",
        ) from None


def _default(name: str) -> object:
    # A variable with a name of its own has no default but None.
    return Settings.model_fields[name].default if name in Settings.model_fields else None


def _variable(name: str) -> str:
    return name if name.startswith("PERF_") else f"PERF_{name.upper()}"


def _missing_warehouse(settings: Settings) -> Iterator[SettingFault]:
    if settings.database_url is None and not settings.is_embedded:
        yield SettingFault(
            "PERF_DATABASE_URL",
            "A source variable is set but PERF_DATABASE_URL is not, so there is no warehouse to write to",
            "set PERF_DATABASE_URL, or unset the sources for the embedded default.",
        )


def _incomplete_mail(settings: Settings) -> Iterator[SettingFault]:
    names = ("alert_email_to", "alert_email_from", "smtp_url")
    unset = [_variable(name) for name in names if getattr(settings, name) is None]
    if 0 < len(unset) < len(names):
        yield SettingFault(
            "alerts by e-mail",
            f"Alerts can't be mailed: {' and '.join(unset)} {'is' if len(unset) == 1 else 'are'} not set",
            "set all of PERF_ALERT_EMAIL_TO, PERF_ALERT_EMAIL_FROM and PERF_SMTP_URL, or none of them.",
        )
