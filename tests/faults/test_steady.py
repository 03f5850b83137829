"""Many predictions in one process, from several threads, and with several threads."""

import gc
import os
import threading
from pathlib import Path

import numpy as np
import pytest
import torch

import apnp

pytestmark = pytest.mark.slow


def resident():
    """Bytes of memory in use, and open file handles."""
    gc.collect()
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE"), len(os.listdir("/proc/self/fd"))


@pytest.fixture(scope="module")
def model(place):
    return apnp.load(place / "run")


def field(model, place, output=None):
    with model.predict_grid(
        str(place / "stations.nc"), time="2021-07-02", grid=6.0, output=output,
        recalibration=False,
    ) as ds:  # fmt: skip
        return ds["tas"].values.copy()


@pytest.mark.skipif(not Path("/proc/self/statm").is_file(), reason="needs /proc")
def test_memory_and_handles_do_not_grow(model, place, times, tmp_path):
    number = times(200, 20)
    want = field(model, place)
    for _ in range(4):
        field(model, place, tmp_path / "field.nc")
    memory, handles = resident()
    for k in range(number):
        output = (tmp_path / "field.nc") if k % 2 else None
        np.testing.assert_array_equal(field(model, place, output), want)
    more, left = resident()
    assert left <= handles
    assert more - memory < 30e6 + 5e4 * number


def test_several_threads_predict_what_one_does(model, place, times, tmp_path):
    want = field(model, place)
    got, errors = {}, []

    def work(k):
        try:
            for n in range(times(10, 2)):
                output = tmp_path / f"{k}.nc" if (k + n) % 2 else None
                got[k, n] = field(model, place, output)
        except BaseException as error:  # to be raised where the test sees it
            errors.append(error)

    workers = [threading.Thread(target=work, args=(k,)) for k in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert not errors
    assert len(got) == 4 * times(10, 2)
    for each in got.values():
        np.testing.assert_array_equal(each, want)


def test_one_and_two_threads_of_torch_agree(model, place):
    want, before = field(model, place), torch.get_num_threads()
    try:
        for number in (1, 2):
            torch.set_num_threads(number)
            np.testing.assert_allclose(field(model, place), want, atol=1e-4)
    finally:
        torch.set_num_threads(before)
