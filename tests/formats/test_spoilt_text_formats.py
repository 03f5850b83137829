"""Files of every text format with random damage: read or refused, never a traceback."""

import random

import numpy as np
import pytest
from format_samples import SAMPLES
from test_text_formats import listed, values, write

from apnp.data import read_stations
from apnp.errors import ApnpError

_PIECES = ["", "?", "9" * 30, "-", ";", ",", "\n", '"', "\x00", "é", "1e400", "nan"]


def spoilt(text: str, rng: random.Random) -> str:
    """The text with one to three random edits: a piece put in, cut out or doubled."""
    for _ in range(rng.randint(1, 3)):
        at = rng.randrange(len(text))
        end = min(len(text), at + rng.choice([0, 1, 2, 20]))
        kind = rng.random()
        piece = text[at:end] * 2 if kind < 0.2 else rng.choice(_PIECES)
        text = text[:at] + piece + text[end:] if kind < 0.9 else text[: max(at, 1)]
    return text


@pytest.mark.slow
@pytest.mark.parametrize("name", SAMPLES)
def test_damage_never_ends_in_a_traceback(tmp_path, name):
    sample = SAMPLES[name]
    rng = random.Random(name)
    for _ in range(25):
        text = spoilt(sample.text, rng)
        path = write(tmp_path, sample)
        path.write_bytes(text.encode(sample.encoding, "replace"))
        try:
            ds = read_stations(path, **listed(tmp_path, sample))
        except ApnpError:
            continue  # any other exception fails the test
        found = np.array(list(values(ds, sample.variable).values()))
        assert ((found >= -90) & (found <= 60)).all()
