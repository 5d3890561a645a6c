"""Rules of the house that no linter knows."""

import ast
import re
from pathlib import Path

import perf_pipeline

PACKAGE = Path(perf_pipeline.__file__).parent
FILES = sorted(PACKAGE.rglob("*.py"))
MIGRATIONS = PACKAGE / "warehouse" / "migrations" / "versions"
LONGEST_FILE = 400
LONGEST_FUNCTION = 70


def test_no_file_is_too_long() -> None:
    long = [file.name for file in FILES if len(file.read_text(encoding="utf-8").splitlines()) > LONGEST_FILE]
    assert long == []


def test_no_function_is_too_long() -> None:
    long = [
        f"{file.name}: {node.name}"
        for file in FILES
        if file.parent != MIGRATIONS
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef) and (node.end_lineno or 0) - node.lineno >= LONGEST_FUNCTION
    ]
    assert long == []


def test_only_settings_reads_our_variables() -> None:
    readers = {
        file.name
        for file in FILES
        if re.search(r"""(environ(\.get)?[\[(]|getenv\()\s*["']PERF_""", file.read_text(encoding="utf-8"))
    }
    assert readers == set()


def test_every_sql_file_is_used() -> None:
    code = "\n".join(file.read_text(encoding="utf-8") for file in FILES)
    unused = [file.name for file in PACKAGE.rglob("*.sql") if f'"{file.stem}' not in code]
    assert unused == []


def test_every_module_says_what_belongs_in_it() -> None:
    silent = [str(file) for file in FILES if not ast.get_docstring(ast.parse(file.read_text(encoding="utf-8")))]
    assert silent == []
