import json
from dataclasses import replace

import pytest
import yaml

from apnp.config import (
    Config,
    TrainerConfig,
    from_dict,
    parse,
    parser,
    read_yaml,
    to_dict,
    to_yaml,
)
from apnp.errors import ConfigError


def parsed(*argv):
    return parse(parser(), argv)[0]


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
        "--model.geometry=plane", "--model.backbone.convcnp.widths=[0.5,1]",
        "--data.train_times=2017-01-01/2018-12-31", "--trainer.devices=auto",
        "--data.split.seed=3", "--model.backbone.name=local_tnp",
        "--model.backbone.local_tnp.lengths_km=[700,90.5]",
    )  # fmt: skip
    assert config.data.path == ["a.csv", "b.csv"]
    assert config.data.columns == {"tas": "t"}
    assert config.data.context == (3, 9)
    assert config.data.split.seed == 3
    assert config.model.backbone.convcnp.widths == (0.5, 1)
    assert config.model.backbone.local_tnp.lengths_km == (700, 90.5)
    path = tmp_path / "config.yaml"
    path.write_text(to_yaml(config))
    assert read_yaml(path) == config
    assert from_dict(to_dict(config)) == config
    assert "!!" not in to_yaml(config)


def test_a_record_older_than_a_setting_has_its_default():
    record = to_dict(Config())
    for name in ("convcnp", "relaxed_convcnp", "equivcnp"):
        assert record["model"]["backbone"][name].pop("kriging") is True
    assert from_dict(record) == Config()


def test_yaml_names_every_key_of_the_defaults():
    record = yaml.safe_load(to_yaml(Config()))
    assert record == to_dict(Config())
    assert record["model"]["fixed_inputs"]["dropout"] == 0.5


def test_strict_approximate_and_without_dropout_are_one_key_apart():
    base = parsed()
    strict = parsed("--model.form=strict")
    without = parsed("--model.fixed_inputs.dropout=0")
    assert replace(strict.model, form="approximate") == base.model
    assert without.model.fixed_inputs.dropout == 0
    assert replace(without.model, fixed_inputs=base.model.fixed_inputs) == base.model


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        (["--trainer.max_stepz=3"], r"max_stepz.*--print_config"),
        (["--model.form=loose"], r"model\.form.*strict.*loose"),
        (["--data.context=[1,2,3]"], r"data\.context.*2 elements"),
        (["--model.backbone.name=unet"], r"backbone\.name.*local_tnp.*unet"),
        (["--model.backbone.channels=[4]"], r"backbone\.channels.*--print_config"),
        (["--trainer.max_steps=many"], r"trainer\.max_steps.*many"),
        (["--trainer.max_steps=0"], r"max_steps or trainer\.max_minutes"),
        (["--trainer.batch_size=0"], r"trainer\.batch_size.*above 0\. Got 0"),
        (["--trainer.learning_rate=0"], r"trainer\.learning_rate.*Got 0"),
        (["--trainer.average=1"], r"\[0, 1\)\. Got 1"),
        (["--data.split.test=2"], r"`test` is a share.*Got 2"),
        (["--data.validation_context=[5,0]"], r"above 0\. Got \[5, 0\]"),
        (["--model.fixed_inputs.scale_km=0"], r"scale_km.*Got 0"),
        (["--model.fixed_inputs.frequencies=-1"], r"frequencies.*Got -1"),
        (["--config=/nowhere/a.yaml"], r"/nowhere/a\.yaml"),
    ],
)
def test_refusals_are_one_line(argv, message):
    with pytest.raises(ConfigError, match=message) as caught:
        parsed(*argv)
    assert "\n" not in str(caught.value)


def test_unknown_key_in_a_file_is_refused(tmp_path):
    path = tmp_path / "a.yaml"
    path.write_text("model:\n  colour: blue\n")
    with pytest.raises(ConfigError, match="colour"):
        parsed("--config", str(path))


def test_broken_yaml_is_refused(tmp_path):
    path = tmp_path / "a.yaml"
    path.write_text("model: [1,\n  :")
    with pytest.raises(ConfigError, match="config"):
        parsed("--config", str(path))


def test_minutes_alone_end_training():
    assert TrainerConfig(max_steps=0, max_minutes=2).max_minutes == 2


FIELDS = (
    "[{path: a.nc, variable: z, smooth_km: [50]}, {path: b.nc, variable: t, use: both}]"
)


def test_fields_are_read_kept_and_read_again():
    config, _ = parse(parser(), ["--data.fields", FIELDS])
    first, second = config.data.fields
    assert (first.path, first.variable, first.use) == ("a.nc", "z", "covariate")
    assert (first.smooth_km, second.use, second.stream_km) == ((50.0,), "both", 100.0)
    record = to_dict(config)
    before = json.dumps(record)
    assert from_dict(record) == config
    assert json.dumps(record) == before


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ("[{path: a.nc}]", "required: variable"),
        ("[{path: a.nc, variable: z, smoth: 1}]", "'smoth' is not accepted"),
        ("[{path: a, variable: z, use: map}]", r"'stream', 'both'"),
        ("[{path: a, variable: z, stream_km: 0}]", r"lengths above 0. Got 0"),
        ("[{path: a, variable: z, smooth_km: [-1]}]", r"above 0. Got 100.0 and \[-1"),
        ("[{path: a, variable: z, use: stream, smooth_km: [9]}]", "leave it out"),
        ("[{path: a, variable: z}, {path: b, variable: z}]", "once. Got z, z"),
    ],
)
def test_fields_that_break_a_rule_are_refused(given, message):
    with pytest.raises(ConfigError, match=message):
        parse(parser(), ["--data.fields", given])
