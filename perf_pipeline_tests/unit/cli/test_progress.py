"""Progress: what runs, how far it is, how long it took, and no long silence."""

import os
import pty
import re
import subprocess
import sys
import time

import pytest

from perf_pipeline.cli import progress as module
from perf_pipeline.cli.progress import Progress


def test_a_stage_shows_each_step_with_its_number_and_how_long_all_took(capsys: pytest.CaptureFixture[str]) -> None:
    with Progress() as progress, progress.stage("Reading the sources", 2) as step:
        step("extracted_feedback")
        step("source_verdicts")
    out, err = capsys.readouterr()
    title, first, second, done = err.splitlines()
    assert (out, title) == ("", "Reading the sources")
    assert re.fullmatch(r" +0\.\d s   1 of 2  extracted_feedback", first)
    assert re.fullmatch(r" +0\.\d s   2 of 2  source_verdicts", second)
    assert re.fullmatch(r" +0\.\d s  done, in 0\.\d s", done)


def test_a_silence_is_broken_by_a_line_about_what_still_runs(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert module.SILENT_SECONDS + 1 < 10
    monkeypatch.setattr(module, "SILENT_SECONDS", 0.1)
    with Progress() as progress:
        progress.note("Loading the pipeline …")
        time.sleep(1.3)
        progress.running("the warehouse")
        time.sleep(1.2)
    _, *lines = capsys.readouterr().err.splitlines()
    assert re.fullmatch(r" +\d\.\d s  still at it: Loading the pipeline, for \d s", lines[0])
    assert re.fullmatch(r" +\d\.\d s  still at it: the warehouse, for \d s", lines[-1])


SHOWN = """
import time
from perf_pipeline.cli.progress import Progress
with Progress() as progress, progress.stage("Reading the sources", 4) as step:
    step("extracted_feedback")
    time.sleep(0.5)
print("the result")
"""


def test_a_terminal_gets_a_bar_and_stdout_only_the_result() -> None:
    ours, theirs = pty.openpty()
    variables = {"PATH": os.environ["PATH"], "TERM": "xterm", "COLUMNS": "100"}
    command = [sys.executable, "-c", SHOWN]
    with subprocess.Popen(command, stderr=theirs, stdout=subprocess.PIPE, env=variables, text=True) as process:
        os.close(theirs)
        shown = b""
        while process.poll() is None or not shown:
            try:
                shown += os.read(ours, 65536)
            except OSError:
                break
        out = process.communicate()[0]
    os.close(ours)
    assert (process.returncode, out) == (0, "the result\n")
    assert "extracted_feedback" in shown.decode()
    assert "0/4" in shown.decode()
    assert "━" in shown.decode()
