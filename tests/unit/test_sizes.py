"""Files, functions and constructors stay small. The lists of exceptions only shrink."""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
FOLDERS = ("apnp", "benchmarks", "tests")
LINES_OF_A_FILE = 400
LINES_OF_A_FUNCTION = 60
ARGUMENTS_OF_A_CONSTRUCTOR = 8

LONG_FILES: set[str] = set()
LONG_FUNCTIONS: set[str] = set()
WIDE_CONSTRUCTORS: set[str] = set()

Function = ast.FunctionDef | ast.AsyncFunctionDef


@cache
def sources() -> list[tuple[Path, str]]:
    return [
        (path, path.read_text())
        for folder in FOLDERS
        for path in sorted((ROOT / folder).rglob("*.py"))
    ]


@cache
def all_functions() -> list[tuple[str, Function]]:
    return [f for _, text in sources() for f in functions(ast.parse(text))]


def functions(node: ast.AST, within: str = "") -> Iterator[tuple[str, Function]]:
    """Every function of a module, with its qualified name."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.expr):  # which holds no function
            continue
        name = within
        if isinstance(child, ast.ClassDef | Function):
            name = f"{within}.{child.name}".lstrip(".")
        if isinstance(child, Function):
            yield name, child
        yield from functions(child, name)


def width(function: Function) -> int:
    """Number of arguments, `self` left out."""
    of = function.args
    return len(of.posonlyargs) + len(of.args) + len(of.kwonlyargs) - 1


def check_exceptions(found: set[str], allowed: set[str], limit: str) -> None:
    assert not found - allowed, f"over {limit}: {sorted(found - allowed)}"
    assert not allowed - found, f"no longer over {limit}: {sorted(allowed - found)}"


def test_no_file_is_long():
    found = {
        path.name for path, text in sources() if text.count("\n") > LINES_OF_A_FILE
    }
    check_exceptions(found, LONG_FILES, f"{LINES_OF_A_FILE} lines")


def test_no_function_is_long():
    found = {
        name
        for name, function in all_functions()
        if function.end_lineno - function.lineno + 1 > LINES_OF_A_FUNCTION
    }
    check_exceptions(found, LONG_FUNCTIONS, f"{LINES_OF_A_FUNCTION} lines")


def test_no_constructor_takes_many_arguments():
    found = {
        name
        for name, function in all_functions()
        if function.name == "__init__" and width(function) > ARGUMENTS_OF_A_CONSTRUCTOR
    }
    limit = f"{ARGUMENTS_OF_A_CONSTRUCTOR} arguments"
    check_exceptions(found, WIDE_CONSTRUCTORS, limit)
