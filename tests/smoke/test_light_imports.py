import subprocess
import sys


def test_stations_plots_and_baselines_load_no_torch():
    names = "data, apnp.plotting, apnp.evaluation, apnp.cli.data, apnp.cli.evaluate"
    names += ", apnp.evaluation.deviation, apnp.cli.symmetry"
    code = f"import sys, apnp.{names}; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0
