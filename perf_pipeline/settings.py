"""Every PERF_* variable, typed. Nothing else in the package reads the environment.

With no database and no source variable set the *embedded default* is in force: a PostgreSQL of our own under `PERF_HOME`
and stand-ins for the systems we read. With any of them set nothing is stood in: an unset source makes its figures `[x]`.
"""

import os
import re
from datetime import date
from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from perf_pipeline.errors import SettingsError

DRIVER = "postgresql+psycopg2"
FIRST_POSSIBLE_DAY = date(2021, 1, 1)
_NEXT_STEP = "correct it; .env.example describes every variable."
_DAGSTER_DATABASE = "PERF_DAGSTER_DATABASE_URL"
_SERVICE_DATABASE = re.compile(r"PERF_[A-Z_]+_DATABASE_URL")


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
    dagit_port: int = Field(default=3000, ge=1, le=65535, description="Port of Dagit on 127.0.0.1.")

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

    @property
    def is_embedded(self) -> bool:
        """Whether nothing points at a real system, so that all of them are stood in."""
        own = (self.database_url, self.lpa_database_url, self.sirius_url, self.feedback_exports_dir)
        return not any(own) and not _service_databases_set()

    def database_url_named(self, variable: str) -> str | None:
        """The URL that a PERF_* variable named in the services file holds; None where it is unset."""
        if variable == "PERF_LPA_DATABASE_URL":
            return None if self.lpa_database_url is None else self.lpa_database_url.get_secret_value()
        try:
            return with_driver(os.environ[variable]) if os.environ.get(variable) else None
        except ValueError as error:
            raise SettingsError(f"{variable} {error}.", next_step=_NEXT_STEP) from None


def _service_databases_set() -> bool:
    """Whether a database that only the services file names is set."""
    names = (name for name, value in os.environ.items() if value and name != _DAGSTER_DATABASE)
    return any(_SERVICE_DATABASE.fullmatch(name) for name in names)


def unknown_variables() -> list[str]:
    """PERF_* variables that are set and that nothing reads: most likely a name mistyped."""
    known = {f"PERF_{name.upper()}" for name in Settings.model_fields}
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
    return settings
