import pytest
import torch

from apnp.compiled import compilable
from apnp.compiled.code import Code


def run(code, *given):
    """Call the code with tensors and numbers."""
    addresses = (g.data_ptr() if isinstance(g, torch.Tensor) else g for g in given)
    code.compiled()(*addresses)


@pytest.fixture(params=[torch.float32, torch.float64], ids=str)
def dtype(request):
    return request.param


def test_a_loop_over_vectors_leaves_what_is_beyond_the_last_number(dtype):
    code = Code("f", ["x", "out"], ["n"], dtype, 4, ["slope"])
    (x, out), (n,), (slope,) = code.tensors, code.sizes, code.numbers
    with code.loop(0, n, 4) as turn:
        some = code.below(n - turn.at)
        value = code.read(x, turn.at, some)
        bent = value.where(value.positive(), value * slope)
        code.write(bent, out, turn.at, some)
    given, made = torch.arange(-3.0, 4.0).to(dtype), torch.full((8,), 9.0, dtype=dtype)
    run(code, given, made, 7, 0.5)
    want = torch.nn.functional.leaky_relu(given, 0.5)
    torch.testing.assert_close(made, torch.cat([want, made.new_tensor([9.0])]))


def test_loops_hand_on_sums_and_nest(dtype):
    code = Code("f", ["x", "out"], ["rows", "columns"], dtype, 4)
    (x, out), (rows, columns) = code.tensors, code.sizes
    with code.loop(0, rows, values=[code.zero]) as row:
        with code.loop(0, columns, 4, values=row.values) as column:
            at = row.at * columns + column.at
            column.values[0] += code.read(x, at)
        row.values = column.values
    code.write(row.values[0], out, code.index(0))
    given, made = torch.randn(3, 8, dtype=dtype), torch.empty(4, dtype=dtype)
    run(code, given, made, 3, 8)
    torch.testing.assert_close(made, given.view(6, 4).sum(0))


def test_a_loop_without_turns_leaves_its_values(dtype):
    code = Code("f", ["out"], ["n"], dtype, 4)
    (out,), (n,) = code.tensors, code.sizes
    with code.loop(n, 3, values=[code.one]) as turn:
        turn.values[0] = code.zero
    code.write(turn.values[0], out, code.index(0))
    made = torch.zeros(4, dtype=dtype)
    run(code, made, 3)
    assert made.eq(1).all()


def test_the_first_lane_is_written_alone(dtype):
    code = Code("f", ["x", "out"], [], dtype, 4)
    x, out = code.tensors
    code.write_one(code.read(x, code.index(1)), out, code.index(2))
    made = torch.zeros(4, dtype=dtype)
    run(code, torch.arange(5.0).to(dtype), made)
    assert made.tolist() == [0, 0, 1, 0]


def test_whole_numbers(dtype):
    code = Code("f", ["out"], ["a", "b"], dtype, 2)
    (out,), (a, b) = code.tensors, code.sizes
    made = [a + b, a - b, a * b, a // b, a % b, a.up_to(b), b.up_to(a), 2 * a + 1]
    made += [a.where(a.below(b), 7), a.where(b.below(a), 7)]
    for i, n in enumerate(made):
        code.write(code.number(n), out, code.index(2 * i))
    numbers = torch.empty(len(made), 2, dtype=dtype)
    run(code, numbers, 17, 5)
    assert numbers[:, 0].tolist() == [22, 12, 85, 3, 2, 5, 5, 35, 7, 17]
    assert numbers[:, 1].equal(numbers[:, 0])


def test_vectors(dtype):
    code = Code("f", ["x", "y", "out"], [], dtype, 4)
    x, y = (code.read(t, code.index(0)) for t in code.tensors[:2])
    first = code.below(code.index(3))
    made = [x + y, x - y, x * y, x / y, x.plus(x, y), y.root(), x.pairs(y)]
    made += [x.among(first), x.among(None), code.read_one(code.tensors[0], x_at(code))]
    for i, value in enumerate(made):
        code.write(value, code.tensors[2], code.index(4 * i))
    a = torch.tensor([1.0, -2.0, 3.0, 4.0], dtype=dtype)
    b = torch.tensor([2.0, 5.0, 7.0, 11.0], dtype=dtype)
    out = torch.empty(len(made), 4, dtype=dtype)
    run(code, a, b, out)
    pairs = a.new_tensor([-1.0, 7.0, 7.0, 18.0])
    some = a * a.new_tensor([1.0, 1.0, 1.0, 0.0])
    want = [
        a + b,
        a - b,
        a * b,
        a / b,
        a + a * b,
        b.sqrt(),
        pairs,
        some,
        a,
        a[2] + 0 * a,
    ]
    torch.testing.assert_close(out, torch.stack(want))


def x_at(code):
    return code.index(1) + 1


def test_lanes_left_out_are_read_as_zero_and_their_memory_is_not_touched(dtype):
    code = Code("f", ["x", "out"], ["n"], dtype, 4)
    (x, out), (n,) = code.tensors, code.sizes
    code.write(code.read(x, code.index(0), code.below(n)), out, code.index(0))
    made = torch.ones(4, dtype=dtype)
    run(code, torch.full((2,), 5.0, dtype=dtype), made, 2)
    assert made.tolist() == [5, 5, 0, 0]
    code = Code("f", ["x", "out"], ["n"], dtype, 4)
    (x, out), (n,) = code.tensors, code.sizes
    code.write(code.read(x, code.index(0), code.below(n)), out, code.index(0))
    made = torch.ones(4, dtype=dtype)
    run(code, torch.empty(0, dtype=dtype), made, 0)  # its address is none
    assert made.tolist() == [0, 0, 0, 0]


def test_it_is_for_numbers_of_a_processor_in_single_or_double_precision():
    x = torch.zeros(2)
    assert compilable(x)
    assert compilable(x.double(), x.double())
    assert not compilable(x, x.double())
    assert not compilable(x.bfloat16())
    assert not compilable(x.to("meta"))
    assert not compilable(x, torch.zeros(0))
    with torch.autocast("cpu"):
        assert not compilable(x)
