"""One kernel in four ways: what the local TNP's attention would cost in each.

    python benchmarks/fast_code.py [--targets 2000] [--repeat 5] [--only WAY ...]

Targets read K = 32 neighbours' tokens of width 64 through one hidden layer, eight heads
and a softmax (`apnp.nn.pair_attention`). The ways are the C code of `apnp/native`,
torch's operators, the same operators through `torch.compile`, and numba with `fastmath`
(`pip install numba`). Each has a process of its own with one thread, and reports the
seconds of its first call, imports and compilation included, first with an empty cache
and then in a new process that finds what the first has kept; then the processor time of
a target. All must agree with torch to 1e-4. A way whose package is absent is told.
"""

import argparse
import importlib.util
import json
import math
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from time import perf_counter, process_time

import numpy as np

WAYS = ("native", "torch", "torch.compile", "numba")
K, WIDTH, HEADS, FEATURES, STATIONS = 32, 64, 8, 10, 2_000
Arrays = dict[str, np.ndarray]


def drawn(n: int) -> Arrays:
    """Queries, tokens (keys, then values), neighbours, pairs' features and weights."""
    rng = np.random.default_rng(0)

    def normal(*shape: int) -> np.ndarray:
        return rng.normal(size=shape).astype(np.float32)

    x = normal(STATIONS, 3)
    x /= np.linalg.norm(x, axis=1, keepdims=True)
    index = rng.integers(0, STATIONS, (n, K + 1)).astype(np.int32)
    return {
        "query": normal(n, WIDTH), "token": normal(STATIONS, 2 * WIDTH), "places": x,
        "index": index, "x": normal(n, 3), "w": normal(n, FEATURES - 5),
        "covariates": normal(STATIONS, FEATURES - 5),
        "pair": 0.3 * normal(FEATURES, WIDTH), "logit": 0.3 * normal(HEADS, WIDTH),
    }  # fmt: skip


def features(a: Arrays) -> np.ndarray:
    """What the C code makes of a pair, written out: (n, K, FEATURES)."""
    index = a["index"][:, :K]
    step = a["places"][index] - a["x"][:, None]
    distance = np.sqrt((step**2).sum(-1, keepdims=True))
    apart = abs(a["covariates"][index] - a["w"][:, None])
    return np.concatenate([step, distance, np.log(distance + 0.01), apart], axis=-1)


def by_torch(a: Arrays, compiled: bool) -> Callable[[], np.ndarray]:
    """Torch's operators, features included."""
    import torch
    from torch.nn import functional

    t = {name: torch.from_numpy(value) for name, value in a.items()}

    def attend(query, token, index, places, x, covariates, w, pair, logit):
        index = index[:, :K].long()
        step = places[index] - x[:, None]
        distance = step.square().sum(-1, keepdim=True).sqrt()
        apart = (covariates[index] - w[:, None]).abs()
        log = torch.log(distance + 0.01)
        pairs = torch.cat((step, distance, log, apart), dim=-1)
        key, value = token[index].chunk(2, dim=-1)
        hidden = functional.gelu(query[:, None] + key + pairs @ pair)
        share = torch.softmax(hidden @ logit.T, dim=1)
        values = (hidden + value).unflatten(-1, (HEADS, -1))
        return (share[..., None] * values).sum(1).flatten(1)

    names = (
        "query", "token", "index", "places", "x", "covariates", "w", "pair", "logit"
    )  # fmt: skip
    function = torch.compile(attend) if compiled else attend

    def call() -> np.ndarray:
        with torch.no_grad():
            return function(*(t[name] for name in names)).numpy()

    return call


def by_native(a: Arrays) -> Callable[[], np.ndarray]:
    """The C code of the package."""
    import ctypes

    from apnp.native import backend, library

    compiled = library()
    if compiled is None:
        raise ModuleNotFoundError(backend(), name="C compiler")
    n = len(a["query"])
    frame = np.tile(np.eye(3, dtype=np.float32), (n, 1, 1))
    radius, weight = np.ones(n, np.float32), np.ones((n, K), np.float32)
    out = np.empty((n, WIDTH), np.float32)
    arrays = (
        a["query"], a["token"], a["x"], a["w"], radius, frame, a["places"],
        a["covariates"], a["index"], weight, a["pair"], a["logit"],
    )  # fmt: skip
    sizes = (n, STATIONS, K, 3, FEATURES - 5, 3, WIDTH, HEADS)

    def call() -> np.ndarray:
        compiled.attend_f32(
            *map(ctypes.c_int, sizes),
            *(ctypes.c_void_p(each.ctypes.data) for each in arrays),
            ctypes.c_double(1.0), ctypes.c_double(0.01),
            ctypes.c_void_p(out.ctypes.data), ctypes.c_int(1),
        )  # fmt: skip
        return out

    return call


def numba_loops() -> Callable[..., None]:
    """Loops as in C, compiled by numba."""
    from numba import njit

    @njit(fastmath=True, cache=True)
    def attend(query, token, index, places, x, covariates, w, pair, logit, out):
        hidden = np.empty((K, WIDTH), np.float32)
        share = np.empty((K, HEADS), np.float32)
        feature = np.empty(FEATURES, np.float32)
        for i in range(len(query)):
            for j in range(K):
                who = index[i, j]
                squared = np.float32(0)
                for e in range(3):
                    feature[e] = places[who, e] - x[i, e]
                    squared += feature[e] * feature[e]
                feature[3] = math.sqrt(squared)
                feature[4] = math.log(feature[3] + np.float32(0.01))
                for c in range(FEATURES - 5):
                    feature[5 + c] = abs(covariates[who, c] - w[i, c])
                for c in range(WIDTH):
                    hidden[j, c] = query[i, c] + token[who, c]
                for p in range(FEATURES):
                    for c in range(WIDTH):
                        hidden[j, c] += feature[p] * pair[p, c]
                for c in range(WIDTH):
                    h = hidden[j, c]
                    half = np.float32(0.5) * h
                    hidden[j, c] = half * (1 + math.erf(h * np.float32(0.70710678)))
                for h in range(HEADS):
                    total = np.float32(0)
                    for c in range(WIDTH):
                        total += hidden[j, c] * logit[h, c]
                    share[j, h] = total
            for h in range(HEADS):
                largest = share[0, h]
                for j in range(K):
                    largest = max(largest, share[j, h])
                total = np.float32(0)
                for j in range(K):
                    share[j, h] = math.exp(share[j, h] - largest)
                    total += share[j, h]
                for j in range(K):
                    share[j, h] /= total
            out[i] = 0
            for j in range(K):
                who = index[i, j]
                for c in range(WIDTH):
                    by = share[j, c // (WIDTH // HEADS)]
                    out[i, c] += by * (hidden[j, c] + token[who, WIDTH + c])

    return attend


def by_numba(a: Arrays) -> Callable[[], np.ndarray]:
    """Loops as in C, through numba."""
    attend = numba_loops()
    out = np.empty_like(a["query"])

    def call() -> np.ndarray:
        attend(
            a["query"], a["token"], a["index"], a["places"], a["x"], a["covariates"],
            a["w"], a["pair"], a["logit"], out,
        )  # fmt: skip
        return out

    return call


def worker(way: str, n: int, repeat: int) -> dict[str, object]:
    """What a fresh process measures of one way."""
    start, arrays = perf_counter(), drawn(n)
    if way.startswith("torch"):
        call = by_torch(arrays, way == "torch.compile")
    else:
        call = {"native": by_native, "numba": by_numba}[way](arrays)
    out = call()
    first, times = perf_counter() - start, []
    for _ in range(repeat):
        begun = process_time()
        call()
        times.append(process_time() - begun)
    return {"first_s": first, "us": 1e6 * min(times) / n, "out": out[:50].tolist()}


def main() -> None:
    """Measure each way twice, compare, print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--targets", type=int, default=2_000)
    parser.add_argument("--repeat", type=int, default=5)
    parser.add_argument("--only", nargs="+", choices=WAYS, default=WAYS)
    parser.add_argument("--worker", choices=WAYS, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.worker:
        print(json.dumps(worker(args.worker, args.targets, args.repeat)))
        return
    wanted = None
    print(f"{'way':<15}{'first call, s':>15}{'again, s':>10}{'us a target':>13}")
    for way in args.only:
        if way == "numba" and importlib.util.find_spec("numba") is None:
            print(f"{way:<15} is left out: there is no package 'numba'.")
            continue
        with tempfile.TemporaryDirectory() as cache:
            given = {"XDG_CACHE_HOME": cache, "TORCHINDUCTOR_CACHE_DIR": cache}
            given |= {"NUMBA_CACHE_DIR": cache}
            environment = os.environ | given | {"OMP_NUM_THREADS": "1"}
            command = [sys.executable, __file__, "--worker", way]
            command += ["--targets", str(args.targets), "--repeat", str(args.repeat)]
            runs = [
                json.loads(
                    subprocess.run(
                        command, env=environment, check=True, text=True,
                        stdout=subprocess.PIPE,
                    ).stdout.splitlines()[-1]
                )
                for _ in range(2)
            ]  # fmt: skip
        first, again = (run["first_s"] for run in runs)
        print(f"{way:<15}{first:>15.1f}{again:>10.1f}{runs[1]['us']:>13.1f}")
        wanted = wanted or runs[0]["out"]
        np.testing.assert_allclose(runs[1]["out"], wanted, atol=1e-4, rtol=1e-4)


if __name__ == "__main__":
    main()
