import math

import pytest
import torch

from apnp.approx import FixedInputs, Support

F = torch.float64


def fixed_inputs(dx=2, dz=5, count=3, support=None, **keys):
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        return FixedInputs(dx, dz, count, support=support, width=8, **keys).double()


def test_support_is_one_inside_and_zero_beyond_its_edge():
    support = Support((-1.0, 2.0), (3.0, 2.5), edge=0.5)
    x = torch.tensor(
        [[-1.0, 2.0], [3.0, 2.5], [0.3, 2.2], [-1.5, 2.2], [1.0, 3.1], [9.0, -4.0]],
        dtype=F,
    )
    assert support.weight(x)[:, 0].tolist() == [1, 1, 1, 0, 0, 0]
    half = torch.tensor([[3.25, 2.2], [0.0, 1.75]], dtype=F)
    assert support.weight(half)[:, 0].tolist() == pytest.approx([0.5, 0.5])
    quarter = torch.tensor([[-1.125, 2.1]], dtype=F)
    assert support.weight(quarter).item() == pytest.approx(0.75**2 * 1.5)


def test_soft_edge_is_continuous_with_its_slope():
    support = Support((-1.0,), (1.0,), edge=0.4)
    x = torch.linspace(-2, 2, 4001, dtype=F)[:, None].requires_grad_()
    weight = support.weight(x)
    slope = torch.autograd.grad(weight.sum(), x)[0]
    assert weight.detach().diff(dim=0).abs().max() < 5e-3
    assert slope.diff(dim=0).abs().max() < 0.05
    assert (weight.detach()[2000:].diff(dim=0) <= 0).all()


def test_hard_edge_cuts():
    support = Support((-1.0,), (1.0,))
    x = torch.tensor([[-1.0 - 1e-9], [-1.0], [0.2], [1.0], [1.0 + 1e-9]], dtype=F)
    assert support.weight(x)[:, 0].tolist() == [0, 1, 1, 1, 0]


def test_fixed_inputs_are_zero_outside_their_support_and_themselves_inside():
    support = Support((-1.0, -1.0), (1.0, 1.0), edge=0.5)
    bounded, free = fixed_inputs(support=support), fixed_inputs()
    inside = torch.tensor([[0.3, -0.9], [1.0, 1.0]], dtype=F)
    torch.testing.assert_close(bounded(inside), free(inside), rtol=0, atol=0)
    outside = torch.tensor([[1.5, 0.0], [-7.0, 9.0]], dtype=F)
    assert bounded(outside).abs().max() == 0
    assert free(outside).abs().max() > 1e-2
    assert bounded(torch.zeros(2, 3, 4, 2, dtype=F)).shape == (2, 3, 4, 5)


def test_fixed_inputs_are_count_functions_mixed_without_constant():
    module = fixed_inputs(count=2, dz=6)
    x = torch.randn(50, 2, generator=torch.Generator().manual_seed(1), dtype=F)
    t = module(x)
    assert torch.linalg.matrix_rank(t, rtol=1e-8) == 2
    with torch.no_grad():
        module.functions[-1].weight.zero_()
        module.functions[-1].bias.zero_()
    assert module(x).abs().max() == 0


def test_no_fixed_inputs_are_the_backbone_alone():
    with pytest.raises(ValueError, match=r"`count`.*at least 1.*Got 0.*the backbone"):
        fixed_inputs(count=0)


def test_frequencies_are_the_same_in_every_process_and_kept_with_the_weights():
    one, other = FixedInputs(2, 3, 1), FixedInputs(2, 3, 1)
    assert torch.equal(one.frequencies, other.frequencies)
    assert "frequencies" in one.state_dict()
    wide = FixedInputs(2, 3, 1, bandwidth=2.0, n_frequencies=4000)
    assert wide.frequencies.std().item() == pytest.approx(4 * math.pi, rel=0.03)


def test_on_the_sphere_they_are_smooth_across_date_line_and_poles():
    module = fixed_inputs(dx=3)

    def at(lat, lon):
        lat, lon = math.radians(lat), math.radians(lon)
        return module(
            torch.tensor(
                [
                    math.cos(lat) * math.cos(lon),
                    math.cos(lat) * math.sin(lon),
                    math.sin(lat),
                ],
                dtype=F,
            )
        )

    close = {"rtol": 0, "atol": 1e-6}
    torch.testing.assert_close(at(40, 180 - 1e-7), at(40, -180 + 1e-7), **close)
    torch.testing.assert_close(at(90 - 1e-7, 20), at(90 - 1e-7, -110), **close)
    assert (at(40, 180) - at(40, 100)).abs().max() > 1e-2


@pytest.mark.parametrize(
    ("low", "high", "edge", "match"),
    [
        ((0.0, 1.0), (1.0, 1.0), 0.0, r"`low` must lie below `high`.*\(0.0, 1.0\)"),
        ((0.0,), (1.0, 1.0), 0.0, r"`low` must lie below `high`.*\(1.0, 1.0\)"),
        ((0.0,), (1.0,), -0.1, r"`edge` is a length, at least 0. Got -0.1"),
    ],
)
def test_support_refusals(low, high, edge, match):
    with pytest.raises(ValueError, match=match):
        Support(low, high, edge)


def test_a_support_of_other_dimensions_is_refused():
    with pytest.raises(ValueError, match=r"`support`.*dx = 2.*Got 1"):
        FixedInputs(2, 5, support=Support((0.0,), (1.0,)))


def test_locations_of_other_dimensions_are_refused():
    with pytest.raises(ValueError, match=r"dx = 2.*Got 3"):
        fixed_inputs()(torch.zeros(4, 3, dtype=F))
