"""The key of the hashes of application ids: long, private, and made once."""

from pathlib import Path

import pytest
from pydantic import SecretStr

from perf_pipeline.errors import SettingsError
from perf_pipeline.orchestration.hash_key import KEY_FILE, SHORTEST_KEY_BYTES, hash_key_of
from perf_pipeline.settings import Settings


def settings_in(home: Path, key: str | None = None) -> Settings:
    return Settings(home=home, hash_key=None if key is None else SecretStr(key))


def test_a_key_is_made_once_and_only_its_owner_can_read_it(tmp_path: Path) -> None:
    made = hash_key_of(settings_in(tmp_path))
    assert len(made) >= SHORTEST_KEY_BYTES
    assert hash_key_of(settings_in(tmp_path)) == made
    assert (tmp_path / KEY_FILE).stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("key", ["", "short", "k" * (SHORTEST_KEY_BYTES - 1)])
def test_a_short_key_is_refused_wherever_it_comes_from(tmp_path: Path, key: str) -> None:
    file = tmp_path / KEY_FILE
    file.write_text(key)
    file.chmod(0o600)
    with pytest.raises(SettingsError, match=f"{KEY_FILE} has {len(key)} bytes; it needs at least"):
        hash_key_of(settings_in(tmp_path))
    with pytest.raises(SettingsError, match=f"PERF_HASH_KEY has {len(key)} bytes; it needs at least"):
        hash_key_of(settings_in(tmp_path, key))


@pytest.mark.parametrize("mode", [0o640, 0o604])
def test_a_key_that_other_accounts_can_read_is_refused(tmp_path: Path, mode: int) -> None:
    hash_key_of(settings_in(tmp_path))
    (tmp_path / KEY_FILE).chmod(mode)
    with pytest.raises(SettingsError, match=r"can be read by other accounts.*chmod 600"):
        hash_key_of(settings_in(tmp_path))
