"""The local TNP by compiled code beside the same by torch's operators."""

import pytest
import torch

from apnp.backbones import LocalTNP
from apnp.groups import (
    LongitudeShifts,
    Product,
    RigidMotions,
    Rotations,
    SphereRotations,
    Translations,
)
from apnp.native import backend, library
from apnp.nn import near
from apnp.types import Domain, PointSet

F = torch.float64
pytestmark = pytest.mark.skipif(library() is None, reason=backend())


def normal(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=F)


def places(*shape, seed):
    """Anywhere; unit vectors where there are three dimensions."""
    x = normal(*shape, seed=seed)
    return x / x.norm(dim=-1, keepdim=True) if shape[-1] == 3 else x


class Case:
    """A model all of whose parameters are away from their start, and its data."""

    def __init__(self, group, m=40, n=19, dy=1, dw=2, **settings):
        settings = {"neighbours": 7, "width": 16, "layers": 2, "heads": 4, **settings}
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(0)
            made = LocalTNP(group, dy, dw, (1.0, 0.5, 0.3, 0.2), **settings).double()
        with torch.no_grad():
            for i, p in enumerate(made.parameters()):
                p += 0.2 * normal(*p.shape, seed=i)
        self.model = made
        generator = torch.Generator().manual_seed(7)
        self.y_mask = torch.rand(2, m, dy, generator=generator) > 0.2
        self.w_mask = torch.rand(2, m, dw, generator=generator) > 0.2
        self.x, self.y = places(2, m, group.dx, seed=1), normal(2, m, dy, seed=2)
        self.w = normal(2, m, dw, seed=3)
        self.xt = places(2, n, group.dx, seed=4)
        w = normal(2, n, dw, seed=5)
        self.wt = torch.cat((w, torch.ones_like(w)), dim=-1)
        self.et = normal(2, n, made.dz, seed=6)

    def results(self, dtype=F):
        """The output, then the gradients of values, fixed inputs and parameters."""
        made = self.model.to(dtype)
        y, et = (each.to(dtype).requires_grad_() for each in (self.y, self.et))
        context = PointSet(
            self.x.to(dtype), y, self.w.to(dtype), self.y_mask, self.w_mask
        )
        centre = torch.zeros(2, self.x.shape[-1], dtype=dtype)
        domain = Domain(centre, centre + 4, torch.ones(2, dtype=torch.bool))
        latent = made.process(made.encode(context, domain))
        out = made.decode(latent, self.xt.to(dtype), self.wt.to(dtype), et)
        g = normal(*out.shape, seed=8).to(dtype)
        wanted = (y, et, *made.parameters())
        return out.detach(), *torch.autograd.grad((g * out).sum(), wanted)


CASES = {
    "translations": lambda: Case(Translations(2)),
    "longitude": lambda: Case(LongitudeShifts(), neighbours=32),
    "sphere, two variables": lambda: Case(SphereRotations(), dy=2, layers=3),
    "product": lambda: Case(Product(Rotations(), Translations(1)), dw=1),
    "rigid, few points": lambda: Case(RigidMotions(2), m=5),
    "heads of many channels": lambda: Case(Translations(1), width=32, heads=2),
}


@pytest.mark.parametrize("name", CASES)
def test_outputs_and_gradients_are_those_of_torch(name, monkeypatch):
    case = CASES[name]()
    compiled = case.results()
    monkeypatch.setattr(near, "library", lambda: None)
    for one, other in zip(compiled, case.results(), strict=True):
        scale = other.abs().amax() if other.numel() else 0
        torch.testing.assert_close(one, other, rtol=0, atol=float(1e-9 * scale + 1e-12))


def test_rounding_of_floats_is_that_of_torch(monkeypatch):
    """Both against double precision, in units of the largest number."""
    case = CASES["longitude"]()
    compiled = case.results(torch.float32)
    monkeypatch.setattr(near, "library", lambda: None)
    by_torch, exact = case.results(torch.float32), case.results(F)
    for one, other, true in zip(compiled, by_torch, exact, strict=True):
        own, torchs = ((each - true).abs().max() for each in (one, other))
        assert own < 2 * torchs + 2e-6 * true.abs().max()


def test_it_is_compiled_code_that_is_tested(monkeypatch):
    def refuse(*_):
        raise RuntimeError("compiled")

    case = CASES["translations"]()
    monkeypatch.setattr(near, "_call", refuse)
    with pytest.raises(RuntimeError, match="compiled"):
        case.results()


@pytest.mark.parametrize("name", ["translations", "sphere, two variables"])
def test_two_threads_say_what_one_says(name, monkeypatch):
    case, threads = CASES[name](), torch.get_num_threads()
    results = []
    for count in (1, 3):
        torch.set_num_threads(count)
        try:
            results.append(case.results())
        finally:
            torch.set_num_threads(threads)
    for one, other in zip(*results, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-11, atol=1e-11)


def test_gradients_of_places_and_covariates_are_left_to_torch():
    case = CASES["translations"]()
    case.xt.requires_grad_()
    case.wt.requires_grad_()
    made = case.model
    context = PointSet(case.x, case.y, case.w, case.y_mask, case.w_mask)
    centre = torch.zeros(2, 2, dtype=F)
    domain = Domain(centre, centre + 4, torch.ones(2, dtype=torch.bool))
    latent = made.process(made.encode(context, domain))
    out = made.decode(latent, case.xt, case.wt)
    for each in torch.autograd.grad(out[..., 0].sum(), (case.xt, case.wt)):
        assert each.abs().max() > 1e-3


def test_a_covariance_that_is_not_positive_definite_is_an_error():
    case = CASES["translations"]()
    with torch.no_grad():
        case.model.kriging.log_noises.fill_(torch.nan)
    with pytest.raises(torch.linalg.LinAlgError, match="not positive definite"):
        case.results()
