"""`apnp completion`: scripts that a shell accepts and that know the options."""

import shutil
import subprocess

import pytest

from apnp.cli import main


@pytest.mark.skipif(shutil.which("bash") is None, reason="bash is not installed")
def test_bash_completes_an_option(capsys):
    assert main(["completion", "bash"]) == 0
    script = capsys.readouterr().out
    words = (
        'COMP_WORDS=(apnp predict --gr); COMP_CWORD=2; _shtab_apnp; echo "$COMPREPLY"'
    )
    done = subprocess.run(
        ["bash", "-c", f"{script}\n{words}"], capture_output=True, text=True, check=True
    )
    assert done.stdout == "--grid\n"
    assert "--trainer.max_minutes" in script


def test_an_unknown_shell_is_refused(capsys):
    assert main(["completion", "nosuch"]) == 2
    assert "nosuch" in capsys.readouterr().err
