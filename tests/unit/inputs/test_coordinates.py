import json

import pytest

from apnp.errors import CheckpointError, ConfigError
from apnp.inputs.coordinates import CoordinateInputs


def test_coordinates_go_through_json():
    made = CoordinateInputs((-7.0, 0.0), (7.0, 1.5))
    assert (made.dx, made.dw, made.dy) == (2, 0, 1)
    assert CoordinateInputs.from_dict(json.loads(json.dumps(made.to_dict()))) == made


@pytest.mark.parametrize(
    "ends", [((), ()), ((1.0,), (1.0,)), ((0.0,), (float("inf"),))]
)
def test_a_box_has_room(ends):
    with pytest.raises(ConfigError, match="`low` must lie below `high`"):
        CoordinateInputs(*ends)


def test_an_unknown_field_is_refused():
    record = CoordinateInputs((0.0,), (1.0,)).to_dict() | {"extra": 1}
    with pytest.raises(CheckpointError, match="extra"):
        CoordinateInputs.from_dict(record)
