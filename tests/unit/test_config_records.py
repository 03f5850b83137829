"""Records of configurations: read without the parser, as the parser reads them."""

from copy import deepcopy

import pytest

from apnp.config import Config, from_dict, parser, to_dict
from apnp.config.plain import Unlike, built
from apnp.config.read import LEGACY


def test_a_whole_record_is_read_as_the_parser_reads_it():
    record = to_dict(Config())
    record["data"]["covariates"] = [
        {"path": "terrain", "variable": "elevation", "use": "covariate",
         "smooth_km": [40.0], "auxiliary_km": 100.0}
    ]  # fmt: skip
    record["data"]["path"] = ["a.csv", "b.csv"]
    record["data"]["region"] = [-10.0, 35.0, 30.0, 70.0]
    made = parser(legacy=True)
    given = made.instantiate(made.parse_object(deepcopy(record)))
    wanted = Config(**{name: given[name] for name in record})
    assert built(Config, record) == wanted == from_dict(record)


def test_a_record_that_lacks_keys_is_read_as_the_parser_reads_it():
    record = to_dict(Config())
    removed = [*LEGACY, "model.symmetrise", "model.fixed_inputs.dropout", "data.season"]
    for name in removed:
        *parents, key = name.split(".")
        inside = record
        for parent in parents:
            inside = inside[parent]
        inside.pop(key, None)
    given = parser(legacy=True).parse_object(deepcopy(record))
    given = parser(legacy=True).instantiate(given)
    wanted = Config(**{name: given[name] for name in record})
    assert built(Config, record, LEGACY) == wanted == from_dict(record)
    assert wanted.trainer.max_steps == LEGACY["trainer.max_steps"]


@pytest.mark.parametrize(
    ("key", "value"), [("targets", "many"), ("targets", True), ("context", [1, 2, 3])]
)
def test_values_of_another_type_are_left_to_the_parser(key, value):
    record = to_dict(Config())
    record["data"][key] = value
    with pytest.raises(Unlike):
        built(Config, record)


def test_a_record_without_a_key_is_left_to_the_parser():
    record = to_dict(Config())
    del record["trainer"]["seed" if "seed" in record["trainer"] else "batch_size"]
    with pytest.raises(Unlike):
        built(Config, record)
