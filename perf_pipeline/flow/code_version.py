"""The version of the code that builds and checks figures. A failed day is built again when the version changes."""

from functools import cache
from hashlib import sha256
from pathlib import Path

from perf_pipeline.catalogue.services import Services

_PACKAGE = Path(__file__).parents[1]
_BUILDING = ("catalogue", "flow", "daily_metrics", "quality", "monthly_metrics")
_DIGITS = 12


def code_version(services: Services) -> str:
    """Digest of everything that determines figures and verdicts: code, SQL, catalogue, and thresholds of each service."""
    tolerated = sorted((service.slug, sorted(service.thresholds.items())) for service in services)
    return sha256(_digest_of_files() + repr(tolerated).encode()).hexdigest()[:_DIGITS]


@cache
def _digest_of_files() -> bytes:
    digest = sha256()
    for folder in _BUILDING:
        for file in sorted(_PACKAGE.joinpath(folder).rglob("*")):
            if file.suffix in (".py", ".sql", ".toml"):
                digest.update(file.read_bytes())
    return digest.digest()
