"""Mutation scores of modules: `make mutate MODULE=apnp/nn/setconv.py`.

mutmut changes the code of a module in small steps, one at a time, and runs the tests
that are listed for the module below. A change that no test notices has survived: it is
printed as a difference. Work is done in a copy under build/mutate.
"""

import argparse
import os
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).parents[1]
COPIED = ("apnp", "benchmarks", "data", "tests")
MODULES = {
    "apnp/framing/frames.py": ("tests/laws/test_frames.py",),
    "apnp/groups/longitude.py": ("tests/laws/test_groups.py",),
    "apnp/groups/product.py": ("tests/laws/test_groups.py",),
    "apnp/groups/rigid.py": ("tests/laws/test_groups.py",),
    "apnp/groups/rotation.py": ("tests/laws/test_groups.py",),
    "apnp/groups/translation.py": ("tests/laws/test_groups.py",),
    "apnp/likelihoods/mixture.py": (
        "tests/laws/test_likelihoods.py", "tests/unit/likelihoods",
    ),
    "apnp/nn/covariance.py": ("tests/unit/nn/test_covariance.py",),
    "apnp/nn/drift.py": ("tests/unit/nn/test_drift.py",),
    "apnp/nn/gaussian.py": ("tests/unit/nn/test_gaussian.py",),
    "apnp/nn/local_kriging.py": (
        "tests/unit/nn/test_local_kriging.py",
        "tests/unit/backbones/test_local_tnp_compiled.py",
    ),
    "apnp/nn/neighbours.py": ("tests/unit/nn/test_neighbours.py",),
    "apnp/nn/setconv.py": ("tests/unit/nn/test_setconv.py",),
    "apnp/prediction/recalibration.py": (
        "tests/unit/prediction/test_recalibration.py",
    ),
    "apnp/scores.py": ("tests/laws/test_scores.py",),
}  # fmt: skip
"""Modules with the tests that are theirs."""


def main() -> None:
    """Print mutants, noticed and survived, of the modules that are asked for."""
    made = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    made.add_argument("modules", nargs="*", default=MODULES, help="files of apnp/")
    made.add_argument("--tests", nargs="+", help="tests to run in place of the listed")
    options = made.parse_args()
    for module in options.modules:
        tests = options.tests or MODULES.get(module)
        if tests is None:
            made.error(f"{module} has no tests listed: name them with --tests.")
        counts = score(module, tests)
        total, alive = counts.total(), counts["survived"] + counts["no tests"]
        print(f"{module}: {total} mutants, {total - alive} noticed, {dict(counts)}")


def score(module: str, tests: list[str] | tuple[str, ...]) -> Counter[str]:
    """How many mutants of a module ended how; those that survived are printed."""
    work = ROOT / "build" / "mutate"
    shutil.rmtree(work, ignore_errors=True)
    for folder in COPIED:
        shutil.copytree(
            ROOT / folder, work / folder, ignore=shutil.ignore_patterns("__pycache__")
        )
    shutil.copy(ROOT / "pyproject.toml", work)
    settings = {
        "source_paths": ["apnp"], "only_mutate": [module],
        "also_copy": ["benchmarks", "data"],
        "pytest_add_cli_args_test_selection": tests,
    }  # fmt: skip
    text = "".join(
        f"{key} =\n" + "".join(f"    {value}\n" for value in values)
        for key, values in settings.items()
    )
    (work / "setup.cfg").write_text(f"[mutmut]\n{text}")
    run(work, "run", "--max-children", "1", out=work / "log.txt")
    lines = run(work, "results", "--all", "true").splitlines()
    ends = dict(line.strip().rsplit(": ", 1) for line in lines if "__mutmut_" in line)
    for name, end in ends.items():
        if end == "survived":
            print(run(work, "show", name))
    untested = {
        name.split("__mutmut_")[0] for name, e in ends.items() if e == "no tests"
    }
    for name in sorted(untested):
        print(f"no test runs {name}")
    return Counter(ends.values())


def run(work: Path, *command: str, out: Path | None = None) -> str:
    """What a command of mutmut prints; it goes to a file where one is named."""
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    environment.pop("PYTHONPATH", None)
    done = subprocess.run(
        [sys.executable, "-m", "mutmut", *command],
        cwd=work, env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode:
        sys.exit(f"mutmut {command[0]} failed:\n{done.stdout}\n{done.stderr}")
    if out:
        out.write_text(done.stdout)
    return done.stdout


if __name__ == "__main__":
    main()
