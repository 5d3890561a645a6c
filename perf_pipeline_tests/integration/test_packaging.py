"""The package that is installed, and the image that it is installed in, hold every file that the code reads."""

import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path, PurePosixPath

import pytest

ROOT = Path(__file__).parents[2]
# Backslashes at the ends of lines join them.
STEPS = (ROOT / "Dockerfile").read_text(encoding="utf-8").replace("\\\n", " ").splitlines()
COPIED = [name for step in STEPS if step.startswith("COPY ") for name in step.split()[1:-1]]


def files_of(package: Path) -> set[str]:
    """The files of a package by their paths from the folder that it is in."""
    files = (file for file in package.rglob("*") if file.is_file() and "__pycache__" not in file.parts)
    return {file.relative_to(package.parent).as_posix() for file in files}


@pytest.fixture(scope="module")
def context(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with what the Dockerfile copies and nothing else."""
    folder = tmp_path_factory.mktemp("context")
    for name in COPIED:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, folder / name)
    return folder


@pytest.fixture(scope="module")
def wheel(context: Path, tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    """The files of the wheel that pip builds in that folder."""
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", str(folder), str(context)]
    built = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert built.returncode == 0, built.stderr
    (file,) = folder.iterdir()
    with zipfile.ZipFile(file) as archive:
        return {name for name in archive.namelist() if ".dist-info/" not in name}


def test_the_wheel_holds_every_file_of_the_package_and_no_other(wheel: set[str]) -> None:
    assert wheel == files_of(ROOT / "perf_pipeline")


@pytest.mark.parametrize("kind", [".sql", ".toml", ".yaml", ".mako", ".html", ".py"])
def test_the_wheel_holds_files_of_each_kind(wheel: set[str], kind: str) -> None:
    assert kind in {PurePosixPath(name).suffix for name in wheel}


def test_the_wheel_holds_the_migrations(wheel: set[str]) -> None:
    versions = {name for name in wheel if name.startswith("perf_pipeline/warehouse/migrations/versions/")}
    assert "perf_pipeline/warehouse/migrations/env.py" in wheel
    assert versions


def test_the_image_is_given_every_file_that_its_steps_name() -> None:
    steps = " ".join(step for step in STEPS if step.startswith("RUN "))
    named = set(re.findall(r"(?<![\w./*-])[\w-]+\.(?:lock|txt|toml|yaml|py)\b", steps))
    assert named <= set(COPIED)


def test_dagster_finds_its_files_in_the_image() -> None:
    folders = dict(re.findall(r"(DAGSTER_HOME|WORKDIR)[= ](\S+)", "\n".join(reversed(STEPS))))
    assert folders["DAGSTER_HOME"] == folders["WORKDIR"]
    assert {"dagster.yaml", "workspace.yaml"} <= set(COPIED)


def test_nothing_else_enters_the_context() -> None:
    rules = (ROOT / ".dockerignore").read_text(encoding="utf-8").split("\n", 1)[1].split()
    assert rules == ["*", *(f"!{name}" for name in COPIED), "**/__pycache__"]
