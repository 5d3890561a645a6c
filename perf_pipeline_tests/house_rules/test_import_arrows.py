"""A stage imports only itself, what lies before it, and the ground that all stand on (docs/decisions/0002)."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import perf_pipeline

ROOT = Path(perf_pipeline.__file__).parent
STAGES = ["sources", "extracted", "daily_metrics", "quality", "monthly_metrics", "published", "opg_feed"]
GROUND = {"catalogue", "errors", "settings", "warehouse"}
DECLARING = {
    "orchestration.flow_assets",
    "orchestration.failures",
    "orchestration.partitions",
    "orchestration.dagster_private",
}
ALLOWED: dict[str, set[str]] = {
    "errors": set(),
    "setting_types": set(),
    "settings": {"errors", "setting_types"},
    "catalogue": {"errors"},
    "warehouse": {"catalogue", "errors"},
    **{stage: {*STAGES[:place], *GROUND, *DECLARING} for place, stage in enumerate(STAGES)},
    "embedded_postgres": {"errors"},
    "demo": {*GROUND, "embedded_postgres", "sources.systems"},
}


def imports_of(file: Path) -> Iterator[str]:
    """Modules of ours that a file imports, without the name of the package."""
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        names = [node.module or ""] if isinstance(node, ast.ImportFrom) else []
        names += [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        yield from (name.removeprefix("perf_pipeline.") for name in names if name.startswith("perf_pipeline."))


def files_of(part: str) -> list[Path]:
    folder = ROOT / part
    return sorted(folder.rglob("*.py")) if folder.is_dir() else [folder.with_suffix(".py")]


@pytest.mark.parametrize("part", sorted(ALLOWED))
def test_a_part_imports_only_what_lies_before_it(part: str) -> None:
    allowed = {part, *ALLOWED[part]}
    against = [
        f"{file.relative_to(ROOT)} imports {name}"
        for file in files_of(part)
        for name in imports_of(file)
        if not any(name == known or name.startswith(f"{known}.") for known in allowed)
    ]
    assert against == []


@pytest.mark.parametrize("module", sorted(DECLARING))
def test_what_declares_assets_knows_no_stage(module: str) -> None:
    file = ROOT / f"{module.replace('.', '/')}.py"
    known = {*GROUND, *DECLARING, "sources.systems"}
    against = [name for name in imports_of(file) if name.split(".")[0] not in known and name not in known]
    assert against == []


def test_every_folder_has_its_arrows() -> None:
    folders = {path.name for path in ROOT.iterdir() if path.is_dir() and path.name != "__pycache__"}
    assert folders - set(ALLOWED) == {"orchestration"}


def test_stand_ins_are_imported_only_where_systems_are_opened() -> None:
    users = {
        str(file.relative_to(ROOT))
        for file in ROOT.rglob("*.py")
        for name in imports_of(file)
        if name.startswith("demo") and file.parent.name != "demo"
    }
    assert users == {"cli.py", "orchestration/resources.py", "orchestration/storage.py"}
