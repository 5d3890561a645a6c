"""The PERF_* variables: read with their types; a wrong one is refused by its name, without its value."""

import os
import re
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest
from pydantic import SecretStr

from perf_pipeline.errors import SettingsError
from perf_pipeline.orchestration.serving import with_absolute_paths
from perf_pipeline.setting_types import with_driver
from perf_pipeline.settings import Settings, examine_settings, load_settings, unknown_variables

pytestmark = pytest.mark.usefixtures("no_variables")
Refusal = Callable[..., str]
WAREHOUSE = "postgresql+psycopg2://perf@db.example/perf"


def test_with_no_variable_set_the_embedded_default_is_in_force() -> None:
    settings = load_settings()
    assert settings.is_embedded
    assert settings == Settings(
        database_url=None,
        dagster_database_url=None,
        first_day=date(2025, 5, 1),
        lpa_database_url=None,
        sirius_url=None,
        sirius_auth="none",
        feedback_exports_dir=None,
        publish_dir="published",
        services_file=None,
        home=Path(".perf"),
        hash_key=None,
        dagit_port=3000,
    )


@pytest.mark.parametrize(
    ("name", "field", "value", "meant"),
    [
        ("PERF_FIRST_DAY", "first_day", "2026-01-01", date(2026, 1, 1)),
        ("PERF_PUBLISH_DIR", "publish_dir", "a folder/out", "a folder/out"),
        ("PERF_SERVICES_FILE", "services_file", "services.yaml", Path("services.yaml")),
        ("PERF_HOME", "home", "state", Path("state")),
        ("PERF_DAGIT_PORT", "dagit_port", "3001", 3001),
        ("PERF_DATA_DOCS_PORT", "data_docs_port", "3002", 3002),
        ("PERF_SIRIUS_AUTH", "sirius_auth", "sigv4", "sigv4"),
    ],
)
def test_a_variable_is_read_with_its_type(
    monkeypatch: pytest.MonkeyPatch, name: str, field: str, value: str, meant: object
) -> None:
    monkeypatch.setenv(name, value)
    assert getattr(load_settings(), field) == meant


@pytest.mark.parametrize("name", ["PERF_DATABASE_URL", "PERF_DAGSTER_DATABASE_URL", "PERF_LPA_DATABASE_URL"])
@pytest.mark.parametrize("scheme", ["postgresql", "postgres", "postgresql+psycopg2"])
def test_every_database_url_names_the_driver(monkeypatch: pytest.MonkeyPatch, name: str, scheme: str) -> None:
    monkeypatch.setenv("PERF_DATABASE_URL", WAREHOUSE)
    monkeypatch.setenv(name, f"{scheme}://user:p%40ss@host:5433/db")
    value = getattr(load_settings(), name.removeprefix("PERF_").lower())
    assert value.get_secret_value() == "postgresql+psycopg2://user:p%40ss@host:5433/db"


def test_a_url_through_a_socket_folder_keeps_its_host() -> None:
    url = "postgresql+psycopg2://user@/db?host=%2Fsocket%2Fdir"
    assert with_driver(url) == url
    assert with_driver("postgresql://user@/db?host=/socket/dir") == url


@pytest.mark.parametrize(
    "url",
    [
        "sekret",
        "mysql://user:sekret@host/db",
        "postgresql+asyncpg://user:sekret@host/db",
        "postgresql://user:sekret/db",  # its password stands where the port should
        "postgresql://user:pa@sekret@host/db",  # an @ makes the end of the password look like the host
        "postgresql://user:sekret@host:port/db",
    ],
)
@pytest.mark.parametrize("name", ["PERF_DATABASE_URL", "PERF_LPA_DATABASE_URL"])
def test_a_bad_url_is_refused_by_name_and_never_shown(refusal: Refusal, name: str, url: str) -> None:
    assert name in refusal(**{name: url})


def test_no_secret_shows_in_what_settings_print(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("PERF_DATABASE_URL", "PERF_LPA_DATABASE_URL", "PERF_DAGSTER_DATABASE_URL"):
        monkeypatch.setenv(name, "postgresql://user:sekret@host/db")
    monkeypatch.setenv("PERF_HASH_KEY", "sekret too")
    assert "sekret" not in repr(load_settings()) + str(load_settings())


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("PERF_FIRST_DAY", "yesterday", "PERF_FIRST_DAY"),
        ("PERF_FIRST_DAY", "2020-12-31", "PERF_FIRST_DAY must be 2021-01-01 or later"),
        ("PERF_DAGIT_PORT", "0", "PERF_DAGIT_PORT"),
        ("PERF_SIRIUS_AUTH", "basic", "PERF_SIRIUS_AUTH must be 'none' or 'sigv4'"),
        ("PERF_PUBLISH_DIR", "s3://bucket/figures", "PERF_PUBLISH_DIR must be a folder"),
        ("PERF_FEEDBACK_EXPORTS_DIR", "s3://bucket/exports", "PERF_FEEDBACK_EXPORTS_DIR must be a folder"),
    ],
)
def test_a_wrong_value_is_refused_by_name(refusal: Refusal, name: str, value: str, message: str) -> None:
    assert message in refusal(PERF_DATABASE_URL=WAREHOUSE, **{name: value})


def test_every_wrong_variable_is_named_at_once(refusal: Refusal) -> None:
    message = refusal(PERF_FIRST_DAY="soon", PERF_DAGIT_PORT="many")
    assert "PERF_FIRST_DAY" in message
    assert "PERF_DAGIT_PORT" in message


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PERF_LPA_DATABASE_URL", WAREHOUSE),
        ("PERF_SIRIUS_URL", "https://sirius.example"),
        ("PERF_FEEDBACK_EXPORTS_DIR", "exports"),
        ("PERF_DEPUTY_DATABASE_URL", WAREHOUSE),
    ],
)
def test_a_source_without_a_warehouse_is_refused(refusal: Refusal, name: str, value: str) -> None:
    assert "PERF_DATABASE_URL is not" in refusal(**{name: value})


@pytest.mark.parametrize("name", ["PERF_HOME", "PERF_FIRST_DAY", "PERF_DAGSTER_DATABASE_URL"])
def test_what_is_neither_warehouse_nor_source_leaves_the_embedded_default_in_force(
    monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv(name, {"PERF_FIRST_DAY": "2026-01-01"}.get(name, WAREHOUSE))
    assert load_settings().is_embedded


def test_a_warehouse_alone_has_no_stand_ins(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PERF_DATABASE_URL", WAREHOUSE)
    settings = load_settings()
    assert not settings.is_embedded
    assert settings.database_url_named("PERF_LPA_DATABASE_URL") is None


def test_an_empty_variable_is_an_unset_one(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("PERF_DATABASE_URL", "PERF_SIRIUS_URL", "PERF_FIRST_DAY", "PERF_DEPUTY_DATABASE_URL"):
        monkeypatch.setenv(name, "")
    assert load_settings().is_embedded


def test_a_database_that_only_the_services_file_names_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PERF_DATABASE_URL", WAREHOUSE)
    monkeypatch.setenv("PERF_DEPUTY_DATABASE_URL", "postgres://deputy@host/db")
    settings = load_settings()
    assert settings.database_url_named("PERF_DEPUTY_DATABASE_URL") == "postgresql+psycopg2://deputy@host/db"
    assert settings.database_url_named("PERF_OTHER_DATABASE_URL") is None


def test_a_bad_url_that_only_the_services_file_names_is_refused_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PERF_DATABASE_URL", WAREHOUSE)
    monkeypatch.setenv("PERF_DEPUTY_DATABASE_URL", "postgresql://deputy:sekret/db")
    with pytest.raises(SettingsError, match="PERF_DEPUTY_DATABASE_URL is not a database URL") as refused:
        load_settings().database_url_named("PERF_DEPUTY_DATABASE_URL")
    assert "sekret" not in str(refused.value)


def test_links_to_the_pages_of_the_checks_have_one_address(monkeypatch: pytest.MonkeyPatch) -> None:
    assert load_settings().data_docs_address == "http://127.0.0.1:3001"
    monkeypatch.setenv("PERF_DATA_DOCS_URL", "https://checks.example/perf/")
    assert load_settings().data_docs_address == "https://checks.example/perf"


def test_a_file_of_variables_in_the_working_directory_is_read_and_the_environment_wins(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / ".env").write_text(
        "# ours\nPERF_DAGIT_PORT=3001\nPERF_FIRST_DAY=2026-01-01\nPERF_HOME=\nPERF_PUBLISH_DIR='a folder'\n"
        "PERF_HASH_KEY=a${key}b\nPERF_DEPUTY_DATABASE_URL=postgresql://deputy@db/deputy\nPERF_DATABASE_URL="
        f"{WAREHOUSE}\nPERF_NAME_UNKNOWN=1\n"
    )
    monkeypatch.chdir(tmp_path)
    # Whatever the file sets is taken back after the test.
    monkeypatch.setattr(os, "environ", os.environ | {"PERF_FIRST_DAY": "2026-02-01"})
    settings = load_settings()
    assert (settings.dagit_port, settings.first_day, settings.home) == (3001, date(2026, 2, 1), Path(".perf"))
    assert settings.publish_dir == "a folder"
    assert settings.hash_key == SecretStr("a${key}b")
    assert settings.database_url_named("PERF_DEPUTY_DATABASE_URL") == "postgresql+psycopg2://deputy@db/deputy"
    assert unknown_variables() == ["PERF_NAME_UNKNOWN"]
    # What serve gives to Dagit and its daemon, which work in another folder.
    assert with_absolute_paths(settings)["PERF_DAGIT_PORT"] == "3001"


def test_a_file_of_variables_that_can_not_be_read_is_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, refusal: Refusal
) -> None:
    (tmp_path / ".env").write_bytes(b"PERF_HOME=\xff\n")
    monkeypatch.chdir(tmp_path)
    assert f"The file {tmp_path / '.env'} can't be read: it is not UTF-8 text." in refusal()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *((f"PERF_{name}", value) for name in ("DAGIT_PORT", "FIRST_DAY", "SIRIUS_URL", "NOW") for value in ("", "x")),
        ("PERF_SOURCE_LOCK_SECONDS", "soon"),
        ("PERF_SOURCE_LOCK_SECONDS", "0"),
        ("PERF_NOW", "2026-05-01T02:30"),
        ("PERF_SMTP_URL", "mail.example:25"),
    ],
)
def test_no_message_has_words_of_the_library(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv("PERF_DATABASE_URL", WAREHOUSE)
    monkeypatch.setenv(name, value)
    _, faults = examine_settings()
    assert [
        fault.what for fault in faults if re.search(r"[Ii]nput|valid date|can't be used|PERF_PERF", fault.what)
    ] == []
    assert bool(faults) == bool(value)
