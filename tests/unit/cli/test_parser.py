import argparse
import json
import logging
import subprocess
import sys
from dataclasses import fields, is_dataclass
from importlib import import_module
from pathlib import Path

import pytest

from apnp.cli import main, options
from apnp.cli.arguments import add_covariates_argument, add_station_arguments
from apnp.cli.options import StationOptions
from apnp.cli.parser import ApnpParser, number, numbers, pair, region
from apnp.errors import ConfigError
from apnp.ranges import Range

ROOT = Path(__file__).parents[3]


@pytest.fixture
def parser():
    made = ApnpParser(prog="apnp test")
    add_station_arguments(made)
    add_covariates_argument(made)
    made.add_argument("--region", type=region)
    made.add_argument("--quantiles", type=numbers)
    made.add_argument("--elevation")
    made.add_argument("--tasks", type=number(int, Range(least=1, most=9)))
    made.add_argument("--minutes", type=number(float, Range(above=0)))
    return made


def test_options_of_several_values_add_up(parser):
    read = parser.options(
        StationOptions,
        ["--stations", "a.csv", "--columns", "tas=t", "--units", "tas=degF",
         "--columns", "lat=y", "lon=x", "--stations", "b.csv", "c.csv",
         "--missing", "-99.9", "-999", "--missing", "888"],
    )  # fmt: skip
    assert read.columns == {"tas": "t", "lat": "y", "lon": "x"}
    assert read.units == {"tas": "degF"}
    assert read.missing == [(-99.9,), (-999,), (888,)]
    assert read.stations == ["a.csv", "b.csv", "c.csv"]
    again = parser.options(StationOptions, ["--stations", "d.csv"])
    assert (again.stations, again.columns) == (["d.csv"], {})


def test_a_column_with_two_meanings_is_refused(parser):
    argv = ["--stations", "a.csv", "--columns", "tas=t", "--columns", "tas=u"]
    with pytest.raises(ConfigError, match=r"--columns.*tas is given twice, as t and"):
        parser.parse_args(argv)


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        (["--colums", "a=b"], "--colums"),
        (["--region", "-10,5,3"], r"--region.*Got -10,5,3\."),
        (["--region", "0,50,10,nan"], r"Got 0,50,10,nan\."),
        (["--quantiles", "a"], r"--quantiles.*Got a\."),
        (["--columns", "tas"], r"--columns.*NAME=VALUE\. Got tas\."),
        (["--tasks", "0"], r"--tasks.*an integer >= 1 and <= 9\. Got 0\."),
        (["--tasks", "2.5"], r"--tasks.*an integer.*Got 2\.5\."),
        (["--minutes", "nan"], r"--minutes.*a number > 0\. Got nan\."),
        (["--minutes", "inf"], r"--minutes.*Got inf\."),
        (["--elev", "a.nc"], "--elev"),  # no abbreviations
    ],
)
def test_refusals_are_one_line_that_names_the_help(parser, argv, message):
    with pytest.raises(ConfigError, match=message) as caught:
        parser.parse_args(["--stations", "a.csv", *argv])
    assert "\n" not in str(caught.value)
    assert "(apnp test --help lists the options)" in str(caught.value)


def test_lists_of_numbers_may_begin_with_a_minus(parser):
    argv = ["--stations", "a.csv", "--region", "-10,35,45,70", "--quantiles", ".1,.9"]
    read = parser.parse_args(argv)
    assert read.region == (-10, 35, 45, 70)
    assert read.quantiles == (0.1, 0.9)


def test_old_options_work_and_are_reported(parser, caplog):
    argv = ["--stations", "a.csv", "--relief", "z.nc", "--fields", "b.nc", "c.nc"]
    read = parser.parse_args(argv)
    assert (read.elevation, read.covariates) == ("z.nc", ["b.nc", "c.nc"])
    assert [r.message for r in caplog.records] == [
        "--relief is now called --elevation; the old name still works.",
        "--fields is now called --covariates; the old name still works.",
    ]
    assert {r.levelno for r in caplog.records} == {logging.WARNING}


def test_the_old_verb_works_and_is_reported(capsys, caplog):
    with pytest.raises(SystemExit) as end:
        main(["deviation", "--help"])
    assert end.value.code == 0
    assert capsys.readouterr().out.startswith("usage: apnp symmetry")
    assert caplog.messages == ["apnp deviation is now called apnp symmetry."]


def parsers():
    """The parser of every verb that has one, with those of its parts."""
    for verb in ("predict", "evaluate", "symmetry", "experiment", "data", "plot"):
        module = import_module(f"apnp.cli.{verb}")
        waiting = [module.parser()]
        while waiting:
            made = waiting.pop()
            yield made
            for action in made._actions:
                if isinstance(action, argparse._SubParsersAction):
                    waiting += action.choices.values()


@pytest.mark.parametrize("made", list(parsers()), ids=lambda p: p.prog)
def test_every_option_of_numbers_has_a_range(made):
    assert isinstance(made, ApnpParser)
    assert not made.allow_abbrev
    for action in made._actions:
        bounded = action.choices is not None
        assert bounded or action.type not in (int, float), action.option_strings
        several = action.nargs in ("+", "*") and action.option_strings
        if several:
            assert not isinstance(action, argparse._StoreAction), action.option_strings


@pytest.mark.parametrize(
    "argv",
    [
        ["data", "convert"], ["data", "summary", "a.csv", "--min-obs", "0"],
        ["data", "smoke", "--output", "a.nc", "--seed", "-1"], ["data", "nosuch"],
        ["train", "--trainer.seed=-1"], ["train", "--help", "nosuch"],
        ["predict", "--time"], ["evaluate", "--stations"], ["plot"],
        ["symmetry", "--stations", "a.csv"], ["models", "extra"],
        ["experiment", "gibbs-1d"], ["experiment"],
        ["experiment", "gibbs-1d", "--output", "x", "--seeds", "0", "--seeds", "0"],
        ["experiment", "smoke", "--output", "x", "--data", "a.nc", "--patch", "0"],
    ],
    ids=" ".join,
)  # fmt: skip
def test_every_verb_refuses_in_one_line_with_status_2(argv, capsys):
    assert main(argv) == 2
    out, err = capsys.readouterr()
    assert (out, err.count("\n")) == ("", 1)
    assert err.startswith(f"apnp {argv[0]}: ")


def test_options_are_frozen_dataclasses_of_typed_fields():
    kinds = [v for v in vars(options).values() if is_dataclass(v)]
    assert len(kinds) > 8
    for kind in kinds:
        assert kind.__dataclass_params__.frozen
        assert all(f.type is not None for f in fields(kind))


def test_pairs_keep_an_equals_sign_in_the_value():
    assert pair("tas=a=b") == ("tas", "a=b")
    assert pair("qc=") == ("qc", "")


def test_help_of_training_is_short_and_lists_every_section(capsys):
    with pytest.raises(SystemExit):
        main(["train", "--help"])
    text = capsys.readouterr().out
    assert len(text.splitlines()) < 45
    for section in ("data", "model.backbone.local_tnp", "model.fixed_inputs"):
        assert f"\n  {section} " in text
    with pytest.raises(SystemExit):
        main(["train", "--help", "model.backbone.pt_tnp"])
    text = capsys.readouterr().out
    assert "pt_tnp.width  integer >= 1 and <= 8192  (default 64)" in text
    assert "Channels of tokens." in text  # said by the class that it extends
    assert "plain | gaussian_bias | te_tnp  (default gaussian_bias)" in text


@pytest.mark.parametrize(
    ("statement", "absent"),
    [
        ("from apnp.cli import main", ("numpy", "xarray", "jsonargparse")),
        ("import apnp.config", ("xarray", "pandas", "scipy", "torch", "cartopy")),
        ("from apnp.config.describe import overview; overview()", ("xarray", "torch")),
    ],
)
def test_quick_commands_load_nothing_slow(statement, absent):
    code = f"import json, sys; {statement}; print(json.dumps(list(sys.modules)))"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True,
        cwd=ROOT,
    )  # fmt: skip
    assert not set(absent) & set(json.loads(done.stdout))
