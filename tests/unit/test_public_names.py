import ast
import inspect
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml

import apnp

ROOT = Path(__file__).parents[2]
HEAVY = ("lightning", "matplotlib", "pandas", "scipy", "torch", "xarray")


def loaded_by(statement):
    """Heavy packages that a fresh process holds after `statement`."""
    code = f"import sys; {statement}; print(*(m for m in {HEAVY} if m in sys.modules))"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True,
        cwd=ROOT,
    )  # fmt: skip
    return done.stdout.split()


def listed():
    tree = ast.parse((ROOT / "apnp" / "__init__.pyi").read_text())
    return [a.name for n in tree.body if isinstance(n, ast.ImportFrom) for a in n.names]


def test_importing_the_package_loads_nothing_heavy():
    assert loaded_by("import apnp") == []
    assert loaded_by("import apnp, numpy") == []
    assert "xarray" in loaded_by("import apnp; apnp.read_stations")


def test_every_listed_name_is_there_and_no_other():
    assert sorted(apnp.__all__) == sorted(listed())
    assert set(apnp.__all__) <= set(dir(apnp))
    with pytest.raises(AttributeError, match="no_such_name"):
        _ = apnp.no_such_name


@pytest.mark.parametrize("name", [n for n in listed() if n not in ("data", "plotting")])
def test_every_public_name_is_documented_and_typed(name):
    value = getattr(apnp, name)
    assert inspect.getdoc(value)
    function = value.__init__ if inspect.isclass(value) else value
    if inspect.isclass(value) and issubclass(value, Exception):
        return
    parameters = inspect.signature(function).parameters.values()
    untyped = [
        p.name for p in parameters
        if p.annotation is p.empty and p.name not in ("self", "args", "kwargs")
    ]  # fmt: skip
    assert not untyped
    if not inspect.isclass(value):
        assert inspect.signature(value).return_annotation is not inspect.Signature.empty


def test_the_version_is_written_in_one_place():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    assert "version" in project["project"]["dynamic"]
    assert project["tool"]["setuptools"]["dynamic"]["version"] == {
        "attr": "apnp.__version__"
    }
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text())
    assert citation["version"] == apnp.__version__
    assert re.fullmatch(r"\d+\.\d+\.\d+", apnp.__version__)


def test_the_package_runs_as_a_module():
    done = subprocess.run(
        [sys.executable, "-m", "apnp", "--version"], capture_output=True, text=True,
        check=True, cwd=ROOT,
    )  # fmt: skip
    assert done.stdout == f"apnp {apnp.__version__}\n"
