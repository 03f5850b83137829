"""`apnp completion`: scripts that a shell accepts and that know the options."""

import io
import re
import shlex
import shutil
import subprocess
from contextlib import redirect_stdout

import pytest

from apnp.cli import main


@pytest.fixture(scope="module")
def script():
    out = io.StringIO()
    with redirect_stdout(out):
        assert main(["completion", "bash"]) == 0
    return out.getvalue()


@pytest.mark.skipif(shutil.which("bash") is None, reason="bash is not installed")
def test_bash_completes_an_option(script):
    words = (
        'COMP_WORDS=(apnp predict --gr); COMP_CWORD=2; _shtab_apnp; echo "$COMPREPLY"'
    )
    done = subprocess.run(
        ["bash", "-c", f"{script}\n{words}"], capture_output=True, text=True, check=True
    )
    assert done.stdout == "--grid\n"
    assert "--trainer.max_minutes" in script


def test_every_verb_of_the_help_is_completed(capsys, script):
    with pytest.raises(SystemExit):
        main(["--help"])
    after = capsys.readouterr().out.split("verbs:")[1].split("`apnp VERB")[0]
    listed = [line.split()[0] for line in after.splitlines() if line.strip()]
    subparsers = re.search(r"^_shtab_apnp_subparsers=\((.*)\)$", script, re.MULTILINE)
    assert subparsers is not None
    assert shlex.split(subparsers[1]) == listed
    assert len(listed) == len({*listed, "influence", "pretrain", "completion"})


def test_an_unknown_shell_is_refused(capsys):
    assert main(["completion", "nosuch"]) == 2
    assert "nosuch" in capsys.readouterr().err
