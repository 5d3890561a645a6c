"""A part imports only what lies before it (docs/decisions/0002): folders, and modules that stand alone."""

import ast
from collections.abc import Iterable, Iterator
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

import perf_pipeline

ROOT = Path(perf_pipeline.__file__).parent
FILES = sorted(ROOT.rglob("*.py"))
STAGES = ["extracted", "daily_metrics", "quality", "monthly_metrics", "published"]
SETTINGS = {"errors", "catalogue", "setting_types", "source_bounds"}
GROUND = {"errors", "catalogue", "source_bounds", "systems", "warehouse", "flow"}
ALLOWED: dict[str, set[str]] = {
    "errors": set(),
    "source_bounds": set(),
    "setting_types": set(),
    "embedded_postgres": {"errors"},
    "catalogue": {"errors"},
    "settings": SETTINGS,
    "systems": {"catalogue", "source_bounds"},
    "warehouse": {"errors", "catalogue"},
    "flow": GROUND,
    **{stage: {*GROUND, *STAGES[:place]} for place, stage in enumerate(STAGES)},
    "opg_feed": {*GROUND, *STAGES},
    "alerts": {"errors", "catalogue", "settings", "setting_types", "warehouse", "quality"},
    "documents": {"catalogue"},
    "demo": {*GROUND, "settings", "embedded_postgres"} - {"flow"},
}
TOP = {"orchestration", "definitions", "cli"}
"""What opens the systems, declares the whole flow and runs it: it may import every part, and no part imports it."""


def name_of(file: Path) -> str:
    """The module's name without that of the package."""
    return ".".join(file.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def imports_in(nodes: Iterable[ast.AST]) -> Iterator[str]:
    """Modules of ours that are imported, without the name of the package."""
    for node in nodes:
        if isinstance(node, ast.ImportFrom):
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        else:
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        for name in (name.removeprefix("perf_pipeline.") for name in names if name.startswith("perf_pipeline.")):
            yield name if name in MODULES else name.rpartition(".")[0]


MODULES = {name_of(file) for file in FILES}


def imports_of(file: Path) -> set[str]:
    return set(imports_in(ast.walk(ast.parse(file.read_text(encoding="utf-8")))))


@pytest.mark.parametrize("part", sorted(ALLOWED))
def test_a_part_imports_only_what_lies_before_it(part: str) -> None:
    allowed = {part, *ALLOWED[part]}
    against = [
        f"{name_of(file)} imports {name}"
        for file in FILES
        if name_of(file).split(".")[0] == part
        for name in imports_of(file)
        if name.split(".")[0] not in allowed
    ]
    assert against == []


def test_every_part_has_its_arrows_and_they_form_no_circle() -> None:
    parts = {name_of(file).split(".")[0] for file in FILES if file != ROOT / "__init__.py"}
    assert parts == {*ALLOWED, *TOP}
    assert set(TopologicalSorter({part: ALLOWED[part] - {part} for part in ALLOWED}).static_order()) == set(ALLOWED)


def test_modules_form_no_circle() -> None:
    modules = {name_of(file): imports_of(file) for file in FILES}
    assert list(TopologicalSorter(modules).static_order())


def test_stand_ins_are_loaded_only_by_a_process_that_uses_them() -> None:
    """The modules that import them do so inside a function."""
    at_import = [
        name_of(file)
        for file in FILES
        if not name_of(file).startswith("demo")
        for name in imports_in(ast.parse(file.read_text(encoding="utf-8")).body)
        if name.startswith("demo")
    ]
    assert at_import == []


def test_names_that_dagster_keeps_to_itself_are_in_one_module() -> None:
    users = [name_of(file) for file in FILES if "dagster._" in file.read_text(encoding="utf-8")]
    assert users == ["flow.dagster_private"]
