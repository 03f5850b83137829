import pandas as pd
import pytest
import torch
from bench import KEY, slower
from measure import counter

OURS = {"package": "apnp", "case": "1-D", "subject": "apnp"}


def table(cpu_ms, rate=80.0, **other):
    row = OURS | {"phase": "forward", "cpu_ms": cpu_ms, "matmul_gigaflops": rate}
    return pd.DataFrame([row | other])


def test_what_is_over_five_per_cent_slower_is_named():
    assert slower(table(10.6), table(10.0))[KEY].values.tolist() == [
        ["1-D", "apnp", "forward"]
    ]
    assert slower(table(10.4), table(10.0)).empty


def test_a_slower_machine_is_no_slower_program():
    assert slower(table(20.0, rate=40.0), table(10.0)).empty
    assert not slower(table(10.0, rate=80.0), table(10.0, rate=40.0)).empty


def test_peers_and_setups_are_not_judged():
    ours = table(10.0)
    new, old = (
        pd.concat([table(t, package="peer", subject="peer"), ours])
        for t in (20.0, 10.0)
    )
    assert slower(new, old).empty
    assert slower(table(20.0, phase="setup"), table(10.0, phase="setup")).empty


def test_tables_without_a_case_in_common_are_not_called_equal():
    with pytest.raises(ValueError, match="no case"):
        slower(table(10.0), table(10.0, case="2-D"))


def test_fused_attention_is_counted_forth_and_back():
    q, k, v = (torch.randn(2, 3, n, 16, requires_grad=True) for n in (7, 5, 5))
    with counter() as forward:
        out = torch.nn.functional.scaled_dot_product_attention(q, k, v)
    with counter() as backward:
        out.sum().backward()
    product = 2 * 2 * 3 * 7 * 5 * 16
    assert forward.get_total_flops() == 2 * product
    assert backward.get_total_flops() == 5 * product
