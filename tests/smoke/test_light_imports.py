import subprocess
import sys


def test_reading_stations_loads_no_torch():
    code = "import apnp.data, apnp.cli.data, sys; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0
