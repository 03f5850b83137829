import sys
from types import SimpleNamespace

import pytest

from apnp.cli import main
from apnp.errors import DataError

VERBS = (
    "adapt", "data", "evaluate", "experiment", "plot", "predict", "symmetry", "train",
)  # fmt: skip


@pytest.mark.parametrize("argv", [[], *([verb] for verb in VERBS)])
def test_help_is_there_for_every_verb(argv, capsys):
    with pytest.raises(SystemExit) as end:
        main([*argv, "--help"])
    assert end.value.code == 0
    out = capsys.readouterr().out
    assert out.startswith(" ".join(["usage: apnp", *argv]))
    if not argv:
        assert all(f"\n  {verb}  " in out for verb in VERBS)


@pytest.mark.parametrize("argv", [[], ["nosuch"]])
def test_an_unknown_verb_is_refused(argv, capsys):
    assert main(argv) == 2
    err = capsys.readouterr().err
    assert err.startswith("apnp: ")
    assert "VERB" in err
    assert err.count("\n") == 1


@pytest.mark.parametrize(
    ("error", "status", "message"),
    [
        (DataError("a.nc: no stations."), 2, "apnp plot: a.nc: no stations.\n"),
        (KeyboardInterrupt(), 130, "apnp plot: stopped\n"),
    ],
)
def test_errors_end_in_one_line_and_a_status(
    error, status, message, monkeypatch, capsys
):
    def fail(argv):
        raise error

    monkeypatch.setitem(sys.modules, "apnp.cli.plot", SimpleNamespace(main=fail))
    assert main(["plot"]) == status
    assert capsys.readouterr().err == message


def test_no_verb_prints_what_a_terminal_obeys(monkeypatch, capsys):
    monkeypatch.setattr(
        "apnp.cli.models.main", lambda argv: print("A\x1b[2J", "b\u202e", sep="\t")
    )
    assert main(["models"]) == 0
    assert capsys.readouterr().out == "A\\x1b[2J\tb\\u202e\n"


def test_garbage_is_collected_seldom_in_a_process_of_one_command_alone(monkeypatch):
    called = []
    monkeypatch.setattr("apnp.cli.collect_seldom", lambda: called.append(True))
    monkeypatch.setattr("apnp.cli.models.main", lambda argv: None)
    assert main(["models"]) == 0
    assert not called
    monkeypatch.setattr("sys.argv", ["apnp", "models"])
    assert main() == 0
    assert called


def test_draws_without_noise_need_draws(capsys):
    words = ["predict", "--stations", "s.nc", "--time", "2021-07-01", "--grid", "5"]
    assert main([*words, "--samples-without-noise", "--output", "f.nc"]) == 2
    assert "give their number with --samples" in capsys.readouterr().err
