"""Rules of the house that no linter knows."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import perf_pipeline

PACKAGE = Path(perf_pipeline.__file__).parent
FILES = sorted(PACKAGE.rglob("*.py"))
LONGEST_FILE = 400
LONGEST_FUNCTION = 70


SOURCES = {str(file.relative_to(PACKAGE)): file.read_text(encoding="utf-8") for file in FILES}
TREES = {name: ast.parse(source) for name, source in SOURCES.items()}


def test_no_file_is_too_long() -> None:
    assert [name for name, source in SOURCES.items() if len(source.splitlines()) > LONGEST_FILE] == []


def test_no_function_is_too_long() -> None:
    long = [
        f"{name}: {node.name}"
        for name, tree in TREES.items()
        if "migrations" not in name
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef) and (node.end_lineno or 0) - node.lineno >= LONGEST_FUNCTION
    ]
    assert long == []


def test_only_settings_reads_our_variables() -> None:
    reads = re.compile(r"""(environ(\.get)?[\[(]|getenv\()\s*["']PERF_""")
    assert [name for name, source in SOURCES.items() if reads.search(source)] == []


def at_import(node: ast.AST) -> Iterator[ast.AST]:
    """What is executed when a module is imported: everything but the bodies of functions."""
    for child in ast.iter_child_nodes(node):
        if not isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            yield child
            yield from at_import(child)


def test_only_the_module_that_dagster_loads_reads_the_settings_at_import() -> None:
    """Elsewhere what is imported first would decide for the whole process. Setting a default reads nothing."""
    reads = re.compile(r"os\.environ(\[|\.get\()|os\.getenv\(|(load_settings|Settings)\(")
    readers = {
        name
        for name, tree in TREES.items()
        for node in at_import(tree)
        if isinstance(node, ast.Call | ast.Subscript) and reads.match(ast.unparse(node))
    }
    assert readers == {"definitions.py"}


def test_every_sql_file_is_used() -> None:
    code = "\n".join(SOURCES.values())
    assert [file.name for file in PACKAGE.rglob("*.sql") if f'"{file.stem}' not in code] == []


def test_every_module_says_what_belongs_in_it() -> None:
    assert [name for name, tree in TREES.items() if not ast.get_docstring(tree)] == []
