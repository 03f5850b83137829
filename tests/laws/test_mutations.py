import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).with_name("mutations.py")


def test_every_row_names_a_text_of_the_package():
    spec = importlib.util.spec_from_file_location("mutations", SCRIPT)
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    for row in script.MUTATIONS:
        found = (script.ROOT / row.path).read_text().count(row.old)
        assert found == 1, f"{row.breaks}: {row.path} holds {row.old!r} {found} times"


@pytest.mark.slow
def test_every_broken_property_is_noticed():
    run = subprocess.run([sys.executable, SCRIPT], capture_output=True, text=True)
    assert run.returncode == 0, run.stdout
