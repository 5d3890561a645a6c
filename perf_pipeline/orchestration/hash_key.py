"""The key of the hashes that stand for application ids.

It must stay the same for as long as the extracts live: with another key every application would count as a new one. So
it is a secret from the environment, or made once and kept in PERF_HOME, and the warehouse remembers its fingerprint.
"""

import contextlib
import hmac
import os
import secrets
from pathlib import Path

from sqlalchemy import Engine, select
from sqlalchemy.dialects.postgresql import insert

from perf_pipeline.errors import SettingsError
from perf_pipeline.settings import Settings
from perf_pipeline.warehouse.engine import transaction
from perf_pipeline.warehouse.tables import WAREHOUSE_FACTS

KEY_FILE = "hash.key"
SHORTEST_KEY_BYTES = 32
_FACT = "hash_key_fingerprint"


def hash_key_of(settings: Settings) -> bytes:
    """PERF_HASH_KEY, or the key in PERF_HOME, made on first use and readable by its owner alone."""
    file = settings.home.resolve() / KEY_FILE
    try:
        return existing_hash_key(settings) or _made(file)
    except OSError as error:
        raise _unusable(file, error) from None


def existing_hash_key(settings: Settings) -> bytes | None:
    """PERF_HASH_KEY, or the key in PERF_HOME; None where it was not made yet. Raises SettingsError for a bad one."""
    if settings.hash_key is not None:
        return _long_enough(settings.hash_key.get_secret_value().encode(), "PERF_HASH_KEY")
    file = settings.home.resolve() / KEY_FILE
    try:
        if not file.exists():
            return None
        if file.stat().st_mode & 0o077:
            raise SettingsError(
                f"The hash key {file} can be read by other accounts.", next_step=f"run chmod 600 {file}."
            )
        return _long_enough(file.read_bytes(), str(file))
    except OSError as error:
        raise _unusable(file, error) from None


def _unusable(file: Path, error: OSError) -> SettingsError:
    return SettingsError(
        f"The hash key {file} can't be read or made: {error.strerror}.",
        next_step="set PERF_HASH_KEY, or PERF_HOME to a folder that this user may write to.",
    )


def _long_enough(key: bytes, where: str) -> bytes:
    if len(key) < SHORTEST_KEY_BYTES:
        raise SettingsError(
            f"The hash key in {where} has {len(key)} bytes; it needs at least {SHORTEST_KEY_BYTES} random ones.",
            next_step="make one by: python3 -c 'import secrets; print(secrets.token_hex(32))'",
        )
    return key


def _made(file: Path) -> bytes:
    """A new key, unless another process is quicker: the first one to link its file wins."""
    file.parent.mkdir(parents=True, exist_ok=True)
    draft = file.with_name(f".{KEY_FILE}.{os.getpid()}")
    draft.touch(mode=0o600)
    draft.write_bytes(secrets.token_hex(32).encode())
    with contextlib.suppress(FileExistsError):
        os.link(draft, file)
    draft.unlink()
    return file.read_bytes()


def check_hash_key(warehouse: Engine, key: bytes, *, is_remembered: bool = True) -> None:
    """Raise SettingsError when the warehouse's hashes were made with another key; by default remember the first one."""
    fingerprint = hmac.digest(key, b"perf_pipeline", "sha256").hex()[:16]
    facts = WAREHOUSE_FACTS.c
    with transaction(warehouse) as connection:
        if is_remembered:
            connection.execute(insert(WAREHOUSE_FACTS).values(name=_FACT, value=fingerprint).on_conflict_do_nothing())
        known = connection.execute(select(facts.value).where(facts.name == _FACT)).scalar()
    if known not in (None, fingerprint):
        raise SettingsError(
            "The application hashes of this warehouse were made with another key, so every application would count twice.",
            next_step="set PERF_HASH_KEY (or PERF_HOME, which holds hash.key) to what it was when the warehouse was filled.",
        )
