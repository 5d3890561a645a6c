"""What is written down agrees with the code."""

import re
from pathlib import Path

import click
import pytest

from perf_pipeline.catalogue.dictionary import FILE, data_dictionary
from perf_pipeline.cli import cli
from perf_pipeline.settings import Settings

ROOT = Path(__file__).parents[2]


def test_the_data_dictionary_is_current() -> None:
    assert FILE.read_text(encoding="utf-8") == data_dictionary()


def test_every_variable_is_in_the_example_and_no_other() -> None:
    example = set(re.findall(r"^(PERF_[A-Z_]+)=", (ROOT / ".env.example").read_text(encoding="utf-8"), re.MULTILINE))
    assert example == {f"PERF_{name.upper()}" for name in Settings.model_fields}


def test_the_example_shows_the_defaults() -> None:
    example = dict(
        re.findall(r"^(PERF_[A-Z_]+)=(.*)$", (ROOT / ".env.example").read_text(encoding="utf-8"), re.MULTILINE)
    )
    shown = {name: value for name, value in example.items() if value}
    assert shown == {
        f"PERF_{name.upper()}": str(field.default)
        for name, field in Settings.model_fields.items()
        if field.default is not None
    }


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
