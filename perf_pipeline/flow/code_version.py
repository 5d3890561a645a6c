"""The version of the code that builds figures: a day that failed is built again by another version."""

from functools import cache
from hashlib import sha256
from pathlib import Path

_PACKAGE = Path(__file__).parents[1]
_BUILDING = ("catalogue", "flow", "daily_metrics", "quality", "monthly_metrics")
_DIGITS = 12


@cache
def code_version() -> str:
    """Digest of the files that figures and verdicts come from: code, SQL and the catalogue."""
    digest = sha256()
    for folder in _BUILDING:
        for file in sorted(_PACKAGE.joinpath(folder).rglob("*")):
            if file.suffix in (".py", ".sql", ".toml"):
                digest.update(file.read_bytes())
    return digest.hexdigest()[:_DIGITS]
