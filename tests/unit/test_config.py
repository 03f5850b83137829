import json
import logging
from dataclasses import fields, is_dataclass, replace
from pathlib import Path
from typing import get_args

import pytest
import yaml

from apnp.config import (
    Config,
    ModelConfig,
    TrainerConfig,
    from_dict,
    from_words,
    read_yaml,
    to_dict,
    to_yaml,
)
from apnp.errors import ConfigError
from apnp.ranges import number_kind, range_of

ROOT = Path(__file__).parents[2] / "configs"
CONFIGS = sorted(ROOT.rglob("*.yaml"))


def parsed(*argv):
    return from_words(argv)


def test_yaml_then_overrides_in_the_order_given(tmp_path):
    path = tmp_path / "a.yaml"
    path.write_text("trainer:\n  max_steps: 7\n  batch_size: 3\nrun: here\n")
    config = parsed("--config", str(path), "--trainer.max_steps", "200")
    assert config.trainer.max_steps == 200
    assert config.trainer.batch_size == 3
    assert config.run == "here"
    assert parsed("--trainer.seed=4", f"--config={path}").trainer.seed == 4


def test_everything_survives_yaml_and_json(tmp_path):
    config = parsed(
        "--data.path", "[a.csv,b.csv]", "--data.columns.tas=t", "--data.context=[3,9]",
        "--model.geometry=plane", "--model.backbone.convcnp.lengthscales=[0.5,1]",
        "--data.train_times=2017-01-01/2018-12-31", "--trainer.devices=auto",
        "--data.split.seed=3", "--model.backbone.name=local_tnp",
        "--model.backbone.local_tnp.lengthscales_km=[700,90.5]",
    )  # fmt: skip
    assert config.data.path == ["a.csv", "b.csv"]
    assert config.data.columns == {"tas": "t"}
    assert config.data.context == (3, 9)
    assert config.data.split.seed == 3
    assert config.model.backbone.convcnp.lengthscales == (0.5, 1)
    assert config.model.backbone.local_tnp.lengthscales_km == (700, 90.5)
    path = tmp_path / "config.yaml"
    path.write_text(to_yaml(config))
    assert read_yaml(path) == config
    assert from_dict(to_dict(config)) == config
    assert "!!" not in to_yaml(config)


def test_the_defaults_are_the_recommended_settings(tmp_path):
    path = tmp_path / "mine.yaml"
    path.write_text(
        "data:\n  path: stations.nc\n  train_times: 2017-01-01/2018-12-31\n"
        "  validation_times: 2019-01-01/2019-06-30\n"
    )
    config, shipped = read_yaml(path), read_yaml(ROOT / "europe_daily.yaml")
    fixed_inputs = shipped.model.fixed_inputs  # of the approximate form only
    assert replace(config.model, fixed_inputs=fixed_inputs) == shipped.model
    assert config.trainer == shipped.trainer
    model, trainer = config.model, config.trainer
    assert (model.backbone.name, model.form, model.geometry) == (
        "local_tnp", "strict", "sphere"
    )  # fmt: skip
    assert (model.likelihood, model.coast) == ("mixture", True)
    assert (trainer.batch_size, trainer.learning_rate, trainer.warmup) == (2, 2e-3, 50)
    assert (trainer.average, trainer.max_minutes, trainer.max_steps) == (0.995, 55, 0)


@pytest.mark.parametrize("path", CONFIGS, ids=lambda p: "/".join(p.parts[-2:]))
def test_shipped_configurations_hold_only_what_differs(path):
    def same(given, default, key=""):
        for name, value in given.items():
            if isinstance(value, dict):
                yield from same(value, default[name], f"{key}{name}.")
            elif value == default[name]:
                yield f"{key}{name}"

    given = yaml.safe_load(path.read_text())
    assert not list(same(given, to_dict(Config())))
    assert read_yaml(path) != Config()


def test_a_record_that_lacks_a_key_has_the_value_of_its_time():
    record = to_dict(Config())
    for name in ("convcnp", "relaxed_convcnp", "equivcnp"):
        assert record["model"]["backbone"][name].pop("kriging") is True
    assert from_dict(record) == Config()
    for key in ("coast", "form", "likelihood"):
        record["model"].pop(key)
    for key in ("average", "batch_size", "learning_rate", "max_steps", "max_minutes"):
        record["trainer"].pop(key)
    old = from_dict(record)
    assert (old.model.coast, old.model.form) == (False, "approximate")
    assert old.model.likelihood == "gaussian"
    assert old.trainer == TrainerConfig(
        max_steps=20_000, batch_size=8, learning_rate=1e-3, average=0.0
    )


def test_old_names_of_a_record_are_understood():
    record = to_dict(
        parsed("--data.covariates", FIELDS, "--model.backbone.equivcnp.rotations=6")
    )
    new = from_dict(record)
    backbone, data = record["model"]["backbone"], record["data"]
    data["fields"] = data.pop("covariates")
    data["fields"][1]["stream_km"] = data["fields"][1].pop("auxiliary_km")
    data["fields"][1]["use"] = "stream"
    for name in ("convcnp", "relaxed_convcnp", "equivcnp"):
        backbone[name]["widths"] = backbone[name].pop("lengthscales")
    for name in ("local_tnp", "tnp", "pt_tnp", "rcnp"):
        backbone[name]["lengths_km"] = backbone[name].pop("lengthscales_km")
    for name in ("tnp", "pt_tnp"):
        backbone[name]["attention"] = "windows"
    for old, key in (
        ("turns", "rotations"), ("mirrors", "reflections"), ("fields", "channels")
    ):  # fmt: skip
        backbone["equivcnp"][old] = backbone["equivcnp"].pop(key)
    old = from_dict(record)
    assert old.model == new.model
    assert old.model.backbone.equivcnp.rotations == 6
    assert old.data.covariates[1].use == "auxiliary"
    assert old.data.covariates[0] == new.data.covariates[0]


@pytest.mark.parametrize(
    ("old", "new", "value", "want"),
    [
        ("model.backbone.rcnp.lengths_km", "model.backbone.rcnp.lengthscales_km",
         "[5,4]", (5, 4)),
        ("model.backbone.convcnp.widths", "model.backbone.convcnp.lengthscales",
         "[3]", (3,)),
        ("model.backbone.equivcnp.turns", "model.backbone.equivcnp.rotations", "6", 6),
        ("model.backbone.tnp.attention: published",
         "model.backbone.tnp.attention: te_tnp", "published", "te_tnp"),
    ],
)  # fmt: skip
def test_an_old_name_works_and_is_reported_once(
    old, new, value, want, tmp_path, caplog
):
    key, name = old.partition(":")[0], new.partition(":")[0]
    line = f"`{old}` is now called `{new}`; the old name still works."
    *sections, leaf = key.split(".")
    record = {leaf: yaml.safe_load(value)}
    for section in reversed(sections):
        record = {section: record}
    path = tmp_path / "old.yaml"
    path.write_text(yaml.safe_dump(record))
    for argv, reported in (
        ([f"--{key}={value}"], line),
        ([f"--{key}", value], line),
        (["--config", str(path)], f"{path}: {line}"),
    ):
        caplog.clear()
        config = parsed(*argv)
        for part in name.split("."):
            config = getattr(config, part)
        assert config == want
        assert [r.message for r in caplog.records] == [reported]
        assert caplog.records[0].levelno == logging.WARNING


def test_a_key_under_both_of_its_names_is_refused(tmp_path):
    path = tmp_path / "both.yaml"
    path.write_text("data:\n  fields: []\n  covariates: []\n")
    with pytest.raises(ConfigError, match=r"both are given: remove `data\.fields`"):
        read_yaml(path)


def test_yaml_names_every_key_of_the_defaults():
    record = yaml.safe_load(to_yaml(Config()))
    assert record == to_dict(Config())
    assert record["model"]["fixed_inputs"]["dropout"] == 0.5


def test_strict_approximate_and_without_dropout_are_one_key_apart():
    base = parsed()
    approximate = parsed("--model.form=approximate")
    without = parsed("--model.fixed_inputs.dropout=0")
    assert replace(approximate.model, form="strict") == base.model
    assert without.model.fixed_inputs.dropout == 0
    assert replace(without.model, fixed_inputs=base.model.fixed_inputs) == base.model


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        (["--trainer.max_stepz=3"], r"`trainer\.max_stepz`.*`trainer\.max_steps`\?"),
        (["--model.form=loose"], r"`model\.form` must be.*'strict'.*Got loose"),
        (["--data.context=[1,2,3]"], r"`data\.context` must.*2 elements"),
        (["--data.context=[9,2]"], r"`data\.context` must.*order\. Got \[9, 2\]"),
        (["--model.backbone.name=unet"], r"backbone\.name` must.*local_tnp.*unet"),
        (
            ["--model.backbone.channels=[4]"],
            r"channels.*`model\.backbone\.\w+\.channel",
        ),
        (
            ["--trainer.max_steps=many"],
            r"`trainer\.max_steps` must be an integer.*many",
        ),
        (["--trainer.max_minutes=0"], r"max_steps` or `trainer\.max_minutes` must"),
        (["--trainer.batch_size=0"], r"`trainer\.batch_size` must be .*>= 1.* Got 0"),
        (["--trainer.batch_size=true"], r"batch_size` must be an integer\. Got True"),
        (["--trainer.seed=1.5"], r"`trainer\.seed` must be an integer\. Got 1\.5"),
        (["--trainer.learning_rate=0"], r"trainer\.learning_rate.*> 0.*Got 0"),
        (["--trainer.learning_rate=.nan"], r"trainer\.learning_rate.*Got nan"),
        (["--trainer.average=1"], r"`trainer\.average` must.*< 1\. Got 1"),
        (["--trainer.accelerator=abacus"], r"accelerator` must be one of.*abacus"),
        (["--trainer.precision=8"], r"precision` must be one of.*Got 8"),
        (["--data.split.test=2"], r"`data\.split\.test` must.*<= 1.*Got 2"),
        (["--data.validation_context=[5,0]"], r"validation_context`.*Got \[5, 0\]"),
        (["--data.region=[0,10,5,400]"], r"each value of `data\.region`.*400"),
        (["--data.region=[0,10,5,9]"], r"`data\.region`.*south < north.*Got \[0"),
        (["--model.fixed_inputs.scale_km=0"], r"scale_km.*Got 0"),
        (["--model.fixed_inputs.frequencies=-1"], r"frequencies.*Got -1"),
        (["--model.backbone.local_tnp.lengthscales_km=[]"], r"hold 1 to 64.*Got 0"),
        (["--model.backbone.tnp.lengthscales_km=[-1]"], r"> 0\. Got \[-1"),
        (["--config=/nowhere/a.yaml"], r"/nowhere/a\.yaml: cannot be read"),
        (["stations.csv"], r"stations\.csv"),
        (["--run="], r"`run` must name a folder"),
    ],
)
def test_refusals_are_one_line(argv, message):
    with pytest.raises(ConfigError, match=message) as caught:
        parsed(*argv)
    assert "\n" not in str(caught.value)


def leaves(kind, path=()):
    for each in fields(kind):
        if is_dataclass(each.type):
            yield from leaves(each.type, (*path, each.name))
            continue
        yield (*path, each.name), each
        for part in get_args(each.type):
            if is_dataclass(part):
                yield from leaves(part, (*path, each.name))


def test_every_numeric_key_has_a_range():
    numeric = [(k, f) for k, f in leaves(Config) if number_kind(f.type)]
    assert len(numeric) > 60
    assert [".".join(k) for k, f in numeric if range_of(f) is None] == []
    one_sided = [
        ".".join(k) for k, f in numeric
        if range_of(f).least is None and range_of(f).above is None
    ]  # fmt: skip
    assert one_sided == []


@pytest.mark.parametrize(
    "key", [k for k, f in leaves(Config) if number_kind(f.type)], ids=".".join
)
def test_every_numeric_key_refuses_what_lies_below_its_range(key):
    """As a record, which is quick to read: the classes check, not the parser."""
    owner, kind = Config, None
    for name in key:
        kind, found = owner, {f.name: f for f in fields(owner)}[name]
        dataclass_parts = [p for p in get_args(found.type) if is_dataclass(p)]
        owner = dataclass_parts[0] if dataclass_parts else found.type
    required = {"path": "a.nc", "variable": "z"} if "covariates" in key else {}
    count = max(1, range_of(found).count[0])
    several = isinstance(found.default, tuple) or key[-1] == "region"
    for bad in (-1e3, float("nan")):
        with pytest.raises(ConfigError, match=key[-1]):
            kind(**required, **{key[-1]: (bad,) * count if several else bad})


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("model:\n  colour: blue\n", "`model.colour` is no known key"),
        ("model: [1,\n  :", "a.yaml: while parsing"),
        ("trainer:\n  seed: 1\n  seed: 2\n", "a.yaml: line 3: the key 'seed'.*twice"),
        ("data: &a {targets: 3}\ntrainer: *a\n", r"a.yaml: line 2: the alias \*a"),
        ("- 1\n", "a.yaml: a configuration must be a mapping"),
        ("run: " + "x" * 1_000_001, "at most 1000000 characters"),
    ],
)
def test_files_that_break_a_rule_are_refused(text, message, tmp_path):
    path = tmp_path / "a.yaml"
    path.write_text(text)
    with pytest.raises(ConfigError, match=message) as caught:
        parsed("--config", str(path))
    assert "\n" not in str(caught.value)


def test_a_file_that_is_no_text_is_refused(tmp_path):
    path = tmp_path / "a.yaml"
    path.write_bytes(b"run: \xff\xfe\n")
    with pytest.raises(ConfigError, match=r"a\.yaml: .*UTF-8"):
        parsed("--config", str(path))


def test_steps_or_minutes_end_training():
    assert TrainerConfig().max_minutes == 55
    assert TrainerConfig(max_steps=10).max_minutes == 0
    assert TrainerConfig(max_steps=10, max_minutes=3).max_minutes == 3
    assert TrainerConfig(max_minutes=2).max_steps == 0


@pytest.mark.parametrize(
    ("given", "minutes"),
    [
        ([], 55.0),
        (["--trainer.max_steps=10"], 0.0),
        (["--trainer.max_steps=10", "--trainer.max_minutes=3"], 3.0),
    ],
)
def test_steps_given_as_an_option_end_training_alone(given, minutes):
    assert from_words(given).trainer.max_minutes == minutes


def test_numbers_of_another_type_are_refused():
    with pytest.raises(ConfigError, match=r"`trainer.batch_size` must be an integer"):
        TrainerConfig(batch_size=2.5)
    with pytest.raises(ConfigError, match=r"`model.rank` must be an integer.*True"):
        ModelConfig(rank=True)


FIELDS = (
    "[{path: a.nc, variable: z, smooth_km: [50]}, {path: b.nc, variable: t, use: both}]"
)


def test_covariates_are_read_kept_and_read_again():
    config = from_words(["--data.covariates", FIELDS])
    first, second = config.data.covariates
    assert (first.path, first.variable, first.use) == ("a.nc", "z", "covariate")
    assert (first.smooth_km, second.use) == ((50.0,), "both")
    assert second.auxiliary_km == 100.0
    record = to_dict(config)
    before = json.dumps(record)
    assert from_dict(record) == config
    assert json.dumps(record) == before


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ("[{path: a.nc}]", "required: variable"),
        ("[{path: a.nc, variable: z, smoth: 1}]", r"covariates\.smoth.*smooth_km"),
        ("[{path: a, variable: z, use: map}]", r"use` must be.*'auxiliary', 'both'"),
        ("[{path: a, variable: z, auxiliary_km: 0}]", r"auxiliary_km.*> 0.*Got 0"),
        ("[{path: a, variable: z, stream_km: 0}]", r"auxiliary_km.*> 0.*Got 0"),
        ("[{path: a, variable: z, smooth_km: [-1]}]", r"smooth_km.*> 0.*Got \[-1"),
        ("[{path: a, variable: z, use: auxiliary, smooth_km: [9]}]", "leave smooth_km"),
        ("[{path: a, variable: z}, {path: b, variable: z}]", "once. Got z, z"),
    ],
)
def test_covariates_that_break_a_rule_are_refused(given, message):
    with pytest.raises(ConfigError, match=message):
        from_words(["--data.covariates", given])
