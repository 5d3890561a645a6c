"""The help texts: every line of the list of commands is whole at 80 columns, and shells can complete."""

import os
import subprocess
import textwrap

import click
import pytest
from click.testing import CliRunner

from perf_pipeline.cli import cli
from perf_pipeline_tests.commands import COMMAND


def test_no_short_help_is_cut_and_each_takes_one_line() -> None:
    shown = CliRunner().invoke(cli, ["--help"], terminal_width=80).output
    listed = shown.partition("Commands:\n")[2].rstrip("\n").splitlines()
    assert len(listed) == len(cli.commands)
    assert [line for line in listed if line.endswith("...") or len(line) > 80] == []


@pytest.mark.parametrize("name", sorted(cli.commands))
def test_the_short_help_is_its_own_sentence_and_every_option_has_a_help(name: str) -> None:
    command = cli.commands[name]
    assert (command.short_help or "").endswith(".")
    assert textwrap.dedent(command.help or "").strip()
    options = [parameter for parameter in command.params if isinstance(parameter, click.Option)]
    assert [option.name for option in options if not option.help] == []


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_shell_gets_a_completion(shell: str) -> None:
    variables = {"PATH": os.environ["PATH"], "_PERF_PIPELINE_COMPLETE": f"{shell}_source"}
    made = subprocess.run([COMMAND], env=variables, capture_output=True, text=True, check=True)
    assert "_PERF_PIPELINE_COMPLETE" in made.stdout


def test_the_completion_knows_the_commands() -> None:
    variables = {
        "PATH": os.environ["PATH"],
        "_PERF_PIPELINE_COMPLETE": "bash_complete",
        "COMP_WORDS": "perf-pipeline back",
        "COMP_CWORD": "1",
    }
    made = subprocess.run([COMMAND], env=variables, capture_output=True, text=True, check=True)
    assert made.stdout == "plain,backfill\n"
