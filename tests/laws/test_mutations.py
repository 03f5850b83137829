import subprocess
import sys

import mutations
import pytest


def test_every_row_names_a_text_of_the_package():
    rows = mutations.mutations()
    assert len(rows) > 100
    for row in rows:
        found = (mutations.ROOT / row.path).read_text().count(row.old)
        assert found == 1, f"{row.breaks}: {row.path} holds {row.old!r} {found} times"


@pytest.mark.slow
def test_broken_properties_are_noticed():
    """Every fourth one; the script by itself takes all."""
    command = [sys.executable, mutations.__file__, "", "4"]
    run = subprocess.run(command, capture_output=True, text=True)
    assert run.returncode == 0, run.stdout
