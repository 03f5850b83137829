"""Quality flags of a CF variable: this package's own, CF flag attributes, others."""

from typing import TYPE_CHECKING

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from apnp.data.readers.columns import looks_like_quality
from apnp.data.readers.quality_codes import (
    rejected_by_meaning,
    rejected_codes,
    unknown_meanings,
)
from apnp.data.schema import FAILED_CHECK, FLAG_MEANINGS, GOOD, OUT_OF_RANGE
from apnp.errors import DataError

if TYPE_CHECKING:
    from apnp.data.readers.cf_file import CfFile


def flags_of(file: "CfFile", array: xr.DataArray) -> tuple[NDArray, tuple[str, ...]]:
    """The quality flag of each value as in `apnp.data.schema`, and what was assumed.

    Raises:
        DataError: If the flags that the user names are not there, or of no known
            scheme.
    """
    fine = np.full(array.shape, GOOD, dtype=np.int8)
    asked = file.request.columns.get("qc")
    names = _candidates(file, array)
    if asked is not None and asked.lower() in ("", "none"):
        return fine, tuple(f"quality flags ignored: {n}" for n in names)
    if asked is not None:
        flag = file.find("qc")[0]
        if flag.dims != array.dims:
            raise DataError(
                f"{file.path}: {asked!r} has dims {flag.dims}, {array.name!r} has "
                f"{array.dims}. Quality flags have those of the values."
            )
        names = [asked]
    for name in names:
        flag = file.ds[name]
        if flag.attrs.get("flag_meanings") == FLAG_MEANINGS:
            bad = np.isin(flag.values, (FAILED_CHECK, OUT_OF_RANGE))
            return np.where(bad, flag.values, GOOD).astype(np.int8), ()
    if not names:
        return fine, _unused(file, array)
    rejected, said = np.zeros(array.shape, dtype=bool), []
    for name in names:
        failed, note = _rejected(file, file.ds[name], array)
        rejected |= failed
        said.append(note)
    return np.where(rejected, FAILED_CHECK, fine).astype(np.int8), tuple(said)


def _unused(file: "CfFile", array: xr.DataArray) -> tuple[str, ...]:
    """What is said where no flags go with the values, though some look like it."""
    some = [
        str(n)
        for n in file.ds.data_vars
        if file.ds[n].dims == array.dims
        and n != array.name
        and ("flag_meanings" in file.ds[n].attrs or looks_like_quality(str(n)))
    ]
    if not some:
        return ("no quality flags",)
    return (
        f"quality flags ignored, as {array.name} does not name them: "
        f"{', '.join(some[:4])} (--columns qc=NAME uses one)",
    )


def _candidates(file: "CfFile", array: xr.DataArray) -> list[str]:
    """Names of the variables that hold quality flags of `array`."""
    listed = str(array.attrs.get("ancillary_variables", "")).split()
    beside = [
        str(n)
        for n in file.ds.variables
        if str(n).startswith(f"{array.name}_") and looks_like_quality(str(n))
    ]
    names = []
    for name in dict.fromkeys((*listed, *beside)):
        flag = file.ds.variables.get(name)
        if flag is None or flag.dims != array.dims:
            continue
        standard = str(flag.attrs.get("standard_name", ""))
        if (
            "flag_meanings" in flag.attrs
            or standard.endswith(("status_flag", "quality_flag"))
            or looks_like_quality(name)
        ):
            names.append(name)
    return names


def _rejected(
    file: "CfFile", flag: xr.DataArray, array: xr.DataArray
) -> tuple[NDArray[np.bool_], str]:
    """Which values one variable of flags rejects, and a note on how."""
    meanings = flag.attrs.get("flag_meanings")
    good = file.request.good_flags
    if meanings is not None and good is None:
        attrs = (flag.attrs.get("flag_values"), flag.attrs.get("flag_masks"))
        failed = rejected_by_meaning(flag.values, str(meanings), *attrs)
        if failed is not None:
            failed &= ~np.isnan(array.values)
            n = int(failed.sum())
            told = f"quality flags {flag.name} obeyed ({meanings}): {n:,} rejected"
            odd = unknown_meanings(str(meanings))
            if odd:
                told += (
                    f"; not understood, and kept: {', '.join(odd)} (--good-flags says "
                    "which codes are good)"
                )
            return failed, told
    present = ~np.isnan(array.values)
    failed = np.zeros(array.shape, dtype=bool)
    codes = flag.to_series().reset_index(drop=True)[present.ravel()]
    values, note = rejected_codes(codes, str(flag.name), str(file.path), good)
    failed[present] = values
    return failed, note
