import pytest
import torch

from apnp.approx import ApproximatelyEquivariant, FixedInputs
from apnp.backbones import CNP
from apnp.types import Domain, PointSet

F = torch.float64


def normal(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=F)


def test_it_is_a_perceptron_of_the_mean_of_a_perceptron():
    torch.manual_seed(0)
    made = CNP(2, 1, 1, width=8).double()
    points = PointSet.observed(
        normal(2, 5, 2), normal(2, 5, 1, seed=1), normal(2, 5, 1, seed=2)
    )
    points.y_mask[1, 3], points.w_mask[0, 1] = False, False
    centre = torch.zeros(2, 2, dtype=F)
    domain = Domain(centre, centre + 4, torch.ones(2, dtype=torch.bool))
    latent = made.process(made.encode(points, domain))
    assert latent.z.shape == (2, 1, 8)
    one = torch.ones(1, dtype=F)
    xt, wt = normal(2, 3, 2, seed=4), normal(2, 3, 2, seed=3)
    out = made.decode(latent, xt, wt)
    for row in range(2):
        members = []
        for n in range(5):
            if (row, n) == (1, 3):
                continue
            w = one * ((row, n) != (0, 1))
            members.append(
                made.embed(
                    torch.cat(
                        (points.x[row, n], points.y[row, n], w * points.w[row, n],
                         one, w)
                    )
                )
            )  # fmt: skip
        mean = torch.stack(members).mean(0)
        for t in range(3):
            expected = made.readout(torch.cat((mean, xt[row, t], wt[row, t])))
            torch.testing.assert_close(out[row, t], expected, rtol=0, atol=1e-10)


@pytest.mark.parametrize("name", ["width", "layers"])
def test_impossible_settings_are_refused(name):
    with pytest.raises(ValueError, match=rf"`{name}` .* above zero. Got 0"):
        CNP(2, 1, 1, **{name: 0})


def test_it_has_no_approximate_form():
    made = CNP(2, 1, 1, width=4)
    with pytest.raises(ValueError, match=r"CNP has no sites .* `form: strict`"):
        ApproximatelyEquivariant(made, FixedInputs(2, 4))
