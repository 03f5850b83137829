import subprocess
import sys
from pathlib import Path

import pytest


@pytest.mark.slow
def test_every_broken_property_is_noticed():
    script = Path(__file__).with_name("mutations.py")
    run = subprocess.run([sys.executable, script], capture_output=True, text=True)
    assert run.returncode == 0, run.stdout
