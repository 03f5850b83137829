"""Quality codes of several schemes: which values they reject."""

import re
from collections.abc import Collection, Sequence

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from apnp.data.readers.numbers import BLANK
from apnp.errors import DataError

_GOOD_WORDS = ("0", "good", "ok", "pass", "passed", "valid", "true", "g", "p",
               "accepted", "correct", "no issues", "not suspect", "validated", "v",
               "verified", "probably good", "probably_good")  # fmt: skip
_GOOD_MADIS = ("v", "s", "c", "g", "z")  # verified, screened, coarse, good, unchecked
_QARTOD = ("1", "2")  # Argo: good, probably good; QARTOD: pass (2 is not evaluated)
_BAD_MEANING = re.compile(
    r"bad|fail|suspect|errone|error|wrong|reject|doubt|question|invalid|missing|spike|"
    r"out_?of|exceed|flatline|stuck|outlier|inconsisten|implausib|removed|not_good|"
    r"not_valid|probably_bad|poor|unreliable|corrupt|impossible|duplicate", re.I,
)  # fmt: skip
_UNCHECKED_MEANING = re.compile(
    r"unknown|uncheck|not_?(yet_?)?(check|evaluat|assess|test|perform|done|quality)|"
    r"no_(qc|quality|flag|test|check)|unverified|unassessed|unflagged|raw", re.I,
)  # fmt: skip
_GOOD_MEANING = re.compile(
    r"good|ok|pass|valid|correct|accept|verif|reliab|check|adjust|interpol|estimat|"
    r"manual|auto|original|modif|homogen|nominal|normal|high|medium|change|fill|"
    r"not_(suspect|bad|flagged)|no_(issue|error|failure|problem)|below|above|nighttime|"
    r"daytime|observ|measured|quality|test|best|land|sea|none|clean|trust", re.I,
)  # fmt: skip
MOST_REJECTED = 0.5  # a scheme that rejects a larger share is not understood


def normal(code: object) -> str:
    """A code as text: without spaces, in lower case, 1.0 as 1.

    >>> normal(" 1.0 "), normal("Good")
    ('1', 'good')
    """
    text = str(code).strip().lower()
    return text[:-2] if re.fullmatch(r"-?\d+\.0", text) else text


def rejected_codes(
    column: pd.Series, name: str, where: str, good: Collection[str] | None
) -> tuple[NDArray[np.bool_], str]:
    """Whether each value's code rejects it, and what was taken for granted.

    Blank, 0 and words for good are good. Where 1 is the commonest code, 1 and 2 are
    good and 0 is unchecked (QARTOD, Argo, WMO buoys). A column whose name ends in `DD`
    holds the letters of MADIS.

    Args:
        column: The codes.
        name: Name of the column.
        where: The table, for messages.
        good: The codes that are good, where the user says so.

    Raises:
        DataError: If the codes are of no known scheme: most values would be rejected.
    """
    code, unique = pd.factorize(column, use_na_sentinel=False)
    texts = ["" if pd.isna(u) else normal(u) for u in unique]
    count = np.bincount(code, minlength=len(texts))
    scheme = "0 and blank are good"
    words: Collection[str] = _GOOD_WORDS
    if good is not None:
        words, scheme = {normal(g) for g in good}, "as --good-flags says"
    elif name.endswith("DD"):
        words, scheme = (*_GOOD_WORDS, *_GOOD_MADIS), "letters of MADIS"
    elif _is_one_for_good(texts, count):
        words, scheme = (*_GOOD_WORDS[1:], *_QARTOD), "1 and 2 are good, 0 is unchecked"
    passes = np.array([t in words or (t in BLANK and good is None) for t in texts])
    if good is not None and "" in {g.strip() for g in good}:
        passes |= np.array([t in BLANK for t in texts])
    share = count[~passes].sum() / max(count.sum(), 1)
    kept, lost = (_listed(texts, count, which) for which in (passes, ~passes))
    if share > MOST_REJECTED and good is None and count.sum() > 3:
        raise DataError(
            f"{where}: the quality codes in column {name!r} are of no known scheme: "
            f"{lost} would be rejected, {share:.0%} of all values (kept: {kept or '-'}"
            f"). Say which are good, e.g. --good-flags {_likely(texts, count)}, or "
            "read the values whatever their codes, --columns qc=none."
        )
    note = f"quality column {name} ({scheme}): kept {kept or 'none'}"
    return ~passes[code], note + (f"; rejected {lost}" if lost else "")


def _is_one_for_good(texts: Sequence[str], count: NDArray) -> bool:
    """Whether 1 is the commonest of codes that are single digits."""
    by = {t: int(n) for t, n in zip(texts, count, strict=True) if t not in BLANK}
    digits = all(re.fullmatch(r"\d", t) for t in by)
    return digits and by.get("1", 0) > max([0, *(n for t, n in by.items() if t != "1")])


def _listed(texts: Sequence[str], count: NDArray, which: NDArray) -> str:
    order = np.argsort(-count, kind="stable")
    some = [f"{texts[k] or 'blank'} ({count[k]:,})" for k in order if which[k]]
    return ", ".join(some[:6]) + (", ..." if len(some) > 6 else "")


def _likely(texts: Sequence[str], count: NDArray) -> str:
    return texts[int(count.argmax())] or '""'


def rejected_by_meaning(
    codes: ArrayLike,
    meanings: str,
    values: ArrayLike | None,
    masks: ArrayLike | None,
) -> NDArray[np.bool_] | None:
    """Which codes reject a value, by the attributes of CF section 3.5.

    Values that nothing has checked are rejected where others have been checked.

    Args:
        codes: The codes of the values; NaN or masked is no code, which rejects none.
        meanings: `flag_meanings`.
        values: `flag_values`, or None.
        masks: `flag_masks`, or None.

    Returns:
        True where rejected; None if the attributes do not fit each other.
    """
    code = np.asarray(codes)
    words = meanings.split()
    known = [np.atleast_1d(a) for a in (values, masks) if a is not None]
    if not known or any(len(a) != len(words) for a in known):
        return None
    kind = np.array([_judged(word) for word in words])
    hits = np.stack([_is(code, k, values, masks) for k in range(len(words))])
    bad, unchecked, fine = (hits[kind == j].any(axis=0) for j in ("bad", "raw", "good"))
    if masks is not None and values is None:
        return bad
    return bad | (unchecked & ~fine & fine.any())


def unknown_meanings(meanings: str) -> list[str]:
    """The words of `flag_meanings` that say neither good nor bad, as far as is known.

    >>> unknown_meanings("good probably_bad schlecht")
    ['schlecht']
    """
    return [
        word
        for word in meanings.split()
        if _judged(word) == "good" and not _GOOD_MEANING.search(word)
    ]


def _is(code: NDArray, k: int, values: ArrayLike | None, masks: ArrayLike | None):
    if masks is None:
        return code == np.atleast_1d(np.asarray(values))[k]
    whole = np.where(np.isfinite(code), code, 0).astype(np.int64)
    mask = np.int64(np.atleast_1d(np.asarray(masks))[k])
    wanted = mask
    if values is not None:
        wanted = np.int64(np.atleast_1d(np.asarray(values))[k])
    return ((whole & mask) == wanted) & (mask != 0)


def _judged(word: str) -> str:
    """`bad`, `raw` (unchecked) or `good`: what a word of `flag_meanings` says."""
    if re.search(r"not_(suspect|bad|flagged)|no_(issue|error|failure|problem)", word):
        return "good"
    if _UNCHECKED_MEANING.search(word):
        return "raw"
    return "bad" if _BAD_MEANING.search(word) else "good"
