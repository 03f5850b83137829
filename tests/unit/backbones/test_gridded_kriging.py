"""Kriging onto the lattice from the nearest points, task by task."""

import pytest
import torch

from apnp.backbones import ConvCNP, GriddedOptions
from apnp.config.read import from_dict
from apnp.groups import Translations
from apnp.nn.cnn import CNN
from apnp.nn.lattice import PlaneLattice
from apnp.types import Domain, PointSet


def model(**options):
    torch.manual_seed(0)
    lattice = PlaneLattice((6, 6), 0.3)
    net = CNN(4, 1, 3, 2, lattice.pad)
    made = GriddedOptions(**options)
    return ConvCNP(lattice, Translations(2), 1, 0, net, (3.0, 1.0), made).double()


def context(counts, n=14):
    generator = torch.Generator().manual_seed(1)
    b = len(counts)
    x = torch.randn(b, n, 2, generator=generator, dtype=torch.float64)
    y = torch.randn(b, n, 1, generator=generator, dtype=torch.float64)
    # The first points are the padding, so that the order matters.
    mask = torch.arange(n) >= n - torch.tensor(counts)[:, None]
    centre = torch.zeros(b, 2, dtype=torch.float64)
    box = Domain(centre, centre + 1.5, torch.ones(b, dtype=torch.bool))
    covariates = x.new_zeros(b, n, 0)
    points = PointSet(x, y, covariates, mask[..., None], covariates.bool())
    return points, box


def encoded(made, counts):
    return made.encode(*context(counts)).z


def test_every_task_is_kriged_by_its_own_number_of_points():
    counts = (14, 5, 0, 8)
    whole = encoded(model(), counts)
    z = encoded(model(neighbours=3, whole=5), counts)
    torch.testing.assert_close(z[1:3], whole[1:3], rtol=0, atol=1e-11)
    for row in (0, 3):
        assert (z[row] - whole[row]).abs().max() > 1e-4


@pytest.mark.parametrize("options", [{"neighbours": 14, "whole": 0}, {"whole": 0}])
def test_as_many_neighbours_as_points_are_all_points(options):
    counts = (14, 9)
    torch.testing.assert_close(
        encoded(model(**options), counts), encoded(model(), counts), rtol=0, atol=1e-11
    )


def test_a_negative_number_of_neighbours_is_refused():
    with pytest.raises(ValueError, match="`neighbours` is a number of at least 0"):
        GriddedOptions(neighbours=-1)


def test_a_record_without_the_key_means_all_stations():
    record = {"run": "runs/old", "data": {"path": "stations.nc"}, "model": {}}
    backbone = from_dict(record).model.backbone
    for section in (backbone.convcnp, backbone.relaxed_convcnp, backbone.equivcnp):
        assert section.kriging_neighbours == 0
