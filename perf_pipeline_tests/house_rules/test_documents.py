"""What is written down agrees with the code."""

import re
from pathlib import Path

import click
import pytest

from perf_pipeline.catalogue.checks import RULES, SOURCE_RULES
from perf_pipeline.catalogue.sources import SOURCES
from perf_pipeline.catalogue.thresholds import THRESHOLDS
from perf_pipeline.cli import cli
from perf_pipeline.documents import data_dictionary, quality_guide
from perf_pipeline.settings import Settings

ROOT = Path(__file__).parents[2]


def test_the_data_dictionary_is_current() -> None:
    assert data_dictionary.FILE.read_text(encoding="utf-8") == data_dictionary.data_dictionary()


def test_the_guide_to_quality_is_current() -> None:
    assert quality_guide.FILE.read_text(encoding="utf-8") == quality_guide.quality_guide()


def test_the_guide_to_quality_explains_every_check_threshold_and_cadence() -> None:
    guide = quality_guide.quality_guide()
    assert "<!--" not in guide
    assert [name for name in THRESHOLDS if f"| `{name}` |" not in guide] == []
    assert [name for name, source in SOURCES.items() if f"| {name} | {source.cadence.meaning} |" not in guide] == []
    assert [name for name in SOURCE_RULES if f"`{name}` |" not in guide] == []
    for dataset, checks in RULES.items():
        section = guide.partition(f"\n### {dataset}\n")[2].partition("\n##")[0]
        assert [name for name in checks if f"`{name}` |" not in section] == []


def test_links_to_a_heading_find_it() -> None:
    """Within the documents that are written by the catalogue."""
    headings = {
        document.FILE.name: {
            re.sub(r"[^\w -]", "", heading).lower().replace(" ", "-")
            for heading in re.findall(r"^#+ (.+)$", document.FILE.read_text(encoding="utf-8"), re.MULTILINE)
        }
        for document in (data_dictionary, quality_guide)
    }
    lost = [
        f"{name}: {file}#{heading}"
        for name in headings
        for file, heading in re.findall(r"\]\(([\w.]*)#([\w-]+)\)", (ROOT / "docs" / name).read_text(encoding="utf-8"))
        if heading not in headings[file or name]
    ]
    assert lost == []


VARIABLES = {
    f"PERF_{name.upper()}": field.default for name, field in Settings.model_fields.items() if not field.validation_alias
}
"""Those for people, with their defaults. One with a name of its own is for tests."""


def test_every_variable_is_in_the_example_with_its_default_and_no_other() -> None:
    example = (ROOT / ".env.example").read_text(encoding="utf-8")
    shown = dict(re.findall(r"^(PERF_[A-Z_]+)=(.*)$", example, re.MULTILINE))
    assert shown == {name: "" if default is None else str(default) for name, default in VARIABLES.items()}


@pytest.mark.parametrize("command", sorted(cli.commands))
def test_every_command_is_in_the_readme(command: str) -> None:
    assert f"perf-pipeline {command}" in (ROOT / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("command", sorted(cli.commands))
def test_every_command_says_what_it_does(command: str) -> None:
    assert isinstance(cli.commands[command], click.Command)
    assert cli.commands[command].help


def test_links_of_the_documents_lead_somewhere() -> None:
    documents = [ROOT / "README.md", *ROOT.joinpath("docs").rglob("*.md")]
    missing = [
        f"{document.relative_to(ROOT)}: {link}"
        for document in documents
        for link in re.findall(r"\]\(([^)#:]+)\)", document.read_text(encoding="utf-8"))
        if not (document.parent / link).exists()
    ]
    assert missing == []
