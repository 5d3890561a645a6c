"""The version of the code that builds and checks figures. A failed day is built again when the version changes."""

from functools import cache
from hashlib import sha256
from pathlib import Path

from perf_pipeline.catalogue.datasets import Stage
from perf_pipeline.catalogue.services import Services

_PACKAGE = Path(__file__).parents[1]
_BUILDING = ("catalogue", "flow", "daily_metrics", "quality", "monthly_metrics")
_DIGITS = 12


def code_version(services: Services) -> str:
    """Digest of everything that determines figures and verdicts: code, SQL, catalogue, and thresholds of each service."""
    return _version(services, *_BUILDING)


def versions_of_stages(services: Services) -> dict[Stage, str]:
    """The code version of the assets of each stage. That of the stages in between is recorded with each built period."""
    others = {stage: _version(services, *_BUILDING, stage.value) for stage in (Stage.EXTRACTED, Stage.PUBLISHED)}
    return dict.fromkeys(Stage, code_version(services)) | others


def _version(services: Services, *folders: str) -> str:
    tolerated = sorted((service.slug, sorted(service.thresholds.items())) for service in services)
    return sha256(_digest_of_files(*folders) + repr(tolerated).encode()).hexdigest()[:_DIGITS]


@cache
def _digest_of_files(*folders: str) -> bytes:
    digest = sha256()
    for folder in folders:
        for file in sorted(_PACKAGE.joinpath(folder).rglob("*")):
            if file.suffix in (".py", ".sql", ".toml"):
                digest.update(file.read_bytes())
    return digest.digest()
