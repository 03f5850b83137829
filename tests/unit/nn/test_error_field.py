import pytest
import torch

from apnp.nn import error_field, near
from apnp.nn.error_field import ErrorField
from apnp.nn.local_kriging import LocalKriging
from apnp.types import PointSet

F = torch.float64
DW, WIDTH, STATIONS, N = 2, 3, 9, 14


def normal(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=F)


def kriging():
    """A stationary covariance, every parameter away from its initial value."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        made = LocalKriging(1, DW, (2.0, 1.2, 0.7), WIDTH).double()
    with torch.no_grad():
        for i, p in enumerate(made.parameters()):
            p += 0.3 * normal(*p.shape, seed=i)
        made.log_slopes += 3
        made.log_noises += 2
    return made


X, W = normal(N, 3, seed=1), normal(N, DW, seed=2)
XS, WS = normal(STATIONS, 3, seed=3), normal(STATIONS, DW, seed=4)
H = normal(1, WIDTH, seed=5).expand(N, -1)


def field(made, x=XS, k=20, order=range(STATIONS)):
    order = list(order)
    mask = torch.ones(1, STATIONS, 1, dtype=torch.bool)
    points = PointSet(
        x[None, order], normal(1, STATIONS, 1), WS[None, order], mask,
        mask.expand(-1, -1, DW),
    )  # fmt: skip
    return ErrorField(made, points, k)


def map_of(made_field, cells=N, x=X, batch=1):
    """The linear map from fresh numbers to errors z (N, N), and the field's shares."""
    sequence = made_field.among(x, W, N, cells, nugget=0.0)
    shares = []
    with torch.no_grad():
        for i in range(0, N, batch):
            part = torch.arange(i, min(i + batch, N))
            fresh = torch.zeros(len(part), N, dtype=F)
            fresh[torch.arange(len(part)), part] = 1.0
            before = sequence.before(torch.arange(i).numpy(), part.numpy())
            shares.append(sequence.draw(part, before, H[part], fresh))
    return sequence.z, torch.cat(shares)


def exact(made, x=X, xs=XS):
    """Covariance of the field at the cells given all stations, and the noise."""
    with torch.no_grad():
        all_x, all_w = torch.cat((xs, x)), torch.cat((WS, W))
        prior, noise = made.prior(H[:1], all_x[None], all_w[None])
    prior, m = prior[0], STATIONS
    among = prior[:m, :m] + noise * torch.eye(m, dtype=F)
    gain = torch.linalg.solve(among, prior[:m, m:])
    return prior[m:, m:] - prior[m:, :m] @ gain, noise


@pytest.fixture(params=["native", "torch"], autouse=True)
def backend(request, monkeypatch):
    if request.param == "torch":
        monkeypatch.setattr(error_field, "possible", lambda *_: False)
    elif near.library() is None:
        pytest.skip("there is no C compiler")


def correlation(covariance):
    std = covariance.diagonal().sqrt()
    return covariance / std / std[:, None]


def test_with_all_neighbours_draws_are_those_of_gaussian_process_regression():
    made = kriging()
    wanted, noise = exact(made)
    z, share = map_of(field(made))
    torch.testing.assert_close(z @ z.mT, correlation(wanted), atol=1e-10, rtol=0)
    variance = wanted.diagonal()
    torch.testing.assert_close(
        share, variance / (variance + noise), atol=1e-10, rtol=1e-10
    )
    assert (z @ z.mT - torch.eye(N, dtype=F)).abs().max() > 0.3


def test_cells_drawn_from_one_other_have_unit_variance():
    z, _ = map_of(field(kriging()), cells=1)
    torch.testing.assert_close(
        (z @ z.mT).diagonal(), torch.ones(N, dtype=F), atol=1e-10, rtol=0
    )


def test_spread_over_a_region_agrees_with_the_exact_from_few_neighbours():
    made = kriging()
    wanted, _ = exact(made)
    wanted = correlation(wanted)
    z, _ = map_of(field(made), cells=6)
    mean = torch.full((N,), 1 / N, dtype=F)
    found, true = (mean @ each @ mean for each in (z @ z.mT, wanted))
    assert (found / true).item() == pytest.approx(1, abs=0.1)
    assert (z @ z.mT).diagonal().sub(1).abs().max() < 0.05


def test_joint_draws_turn_with_the_stations_and_know_no_order_of_them():
    made = kriging()
    turn, _ = torch.linalg.qr(normal(3, 3, seed=8))
    z, _ = map_of(field(made), cells=5)
    turned, _ = map_of(field(made, XS @ turn), cells=5, x=X @ turn)
    torch.testing.assert_close(turned, z, atol=1e-10, rtol=0)
    shuffled, _ = map_of(field(made, order=reversed(range(STATIONS))), cells=5)
    torch.testing.assert_close(shuffled, z, atol=1e-10, rtol=0)


def test_cells_at_one_place_are_drawn_alike():
    made = kriging()
    x = X.clone()
    x[5], w = x[2], W.clone()
    w[5] = w[2]
    sequence = field(made).among(x, w, 4, 8)
    with torch.no_grad():
        for i in range(N):
            before = sequence.before(torch.arange(i).numpy(), torch.tensor([i]).numpy())
            fresh = normal(1, 4, seed=i)
            sequence.draw(torch.tensor([i]), before, H[:1], fresh)
    torch.testing.assert_close(sequence.z[5], sequence.z[2], atol=0.01, rtol=0)
    assert sequence.z.isfinite().all()
