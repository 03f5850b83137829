import pytest
import torch

from apnp.nn.mlp import mlp


def normal(*shape, seed=0):
    generator = torch.Generator().manual_seed(seed + len(shape))
    return torch.randn(*shape, generator=generator, dtype=torch.float64)


def perceptron(n_in=3, hidden=2):
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        made = mlp(n_in, 5, 2, hidden).double()
    for i, p in enumerate(made.parameters()):
        p.data += 0.3 * normal(*p.shape, seed=20 + i)
    return made


@pytest.fixture(autouse=True)
def cached(monkeypatch):
    """One row at a time, so that few rows are many; one thread."""
    monkeypatch.setattr("torch.get_num_threads", lambda: 1)
    monkeypatch.setattr("apnp.nn.cache.CACHED", 1)
    monkeypatch.setattr("apnp.nn.mlp._MANY", 1)


@pytest.mark.parametrize("rows", [1, 4])
@pytest.mark.parametrize("hidden", [1, 2, 3])
@pytest.mark.parametrize("shape", [(7, 3), (2, 5, 3), (2, 3, 4, 3)])
def test_pieces_are_the_layers_one_by_one_in_value_and_gradient(
    shape, hidden, rows, monkeypatch, agree, way_back
):
    monkeypatch.setattr("apnp.nn.cache.CACHED", 5 * rows)
    made, x = perceptron(hidden=hidden), normal(*shape).requires_grad_()
    assert "_InPiecesBackward" in way_back(made(x))
    agree(made(x), made.reference(x), (x, *made.parameters()))


def test_weights_have_derivatives_where_the_input_has_none(agree, way_back):
    made, x = perceptron(), normal(4, 3)
    assert "_InPiecesBackward" in way_back(made(x))
    agree(made(x), made.reference(x), tuple(made.parameters()))


def test_derivatives_are_those_of_finite_differences(way_back):
    made, x = perceptron(), normal(4, 3).requires_grad_()
    assert "_InPiecesBackward" in way_back(made(x))
    torch.autograd.gradcheck(made, x)


def test_few_rows_and_mixed_precision_are_torchs_own(monkeypatch, way_back):
    made = perceptron().float()
    assert made(torch.zeros(2, 0, 3)).shape == (2, 0, 2)
    x = torch.zeros(20, 3)
    assert "_InPiecesBackward" in way_back(made(x))
    with torch.autocast("cpu"):
        assert "_InPiecesBackward" not in way_back(made(x))
    monkeypatch.setattr("apnp.nn.mlp._MANY", 20 * 5)
    assert "_InPiecesBackward" not in way_back(made(x))


def test_without_derivatives_fewer_rows_are_many(monkeypatch):
    made, x, given = perceptron(), normal(20, 3), []
    made[0].register_forward_pre_hook(lambda _, rows: given.append(rows))
    monkeypatch.setattr("apnp.nn.mlp._MANY", 20 * 5)
    made(x)
    assert len(given) == 1  # layer by layer
    with torch.no_grad():
        torch.testing.assert_close(made(x), made.reference(x), rtol=0, atol=1e-12)
    assert len(given) == 2  # of the reference


def test_layers_that_are_little_work_are_made_again(monkeypatch, way_back):
    monkeypatch.setattr("apnp.nn.mlp._MANY", 1000)
    for n_in, again in ((2, True), (3, False)):  # 8 n_in products again, 8 x 6 at last
        made = mlp(n_in, 8, 6, hidden=1)
        assert ("_InPiecesBackward" in way_back(made(torch.ones(4, n_in)))) == again


def test_a_part_of_it_is_that_part():
    made, x = perceptron(), normal(20, 3)
    part = made[:2]
    torch.testing.assert_close(part(x), made[1](made[0](x)), rtol=0, atol=0)


def test_second_derivatives_are_refused():
    made, x = perceptron(), normal(4, 3).requires_grad_()
    (first,) = torch.autograd.grad(made(x).square().sum(), x, create_graph=True)
    with pytest.raises(RuntimeError, match="once_differentiable"):
        first.sum().backward()


def test_weights_are_named_as_those_of_a_sequence():
    names = [name for name, _ in perceptron().named_parameters()]
    assert names == [f"{i}.{kind}" for i in (0, 2, 4) for kind in ("weight", "bias")]
