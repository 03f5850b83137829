import pandas as pd
from bench import KEY, slower

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
    assert slower(table(20.0, package="peer"), table(10.0, package="peer")).empty
    assert slower(table(20.0, phase="setup"), table(10.0, phase="setup")).empty
