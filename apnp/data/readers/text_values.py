"""Times, units, values and quality codes of the rows of a text file."""

import re
from collections.abc import Mapping

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from apnp.data.quality import counted
from apnp.data.readers.quality_codes import rejected_codes
from apnp.data.readers.text_format import Element, TextFormat
from apnp.data.readers.text_table import ParquetFile, TextFile, TextTable, matches
from apnp.data.readings import Request
from apnp.data.units import canonical_units
from apnp.errors import DataError


def rows_of(table: TextTable, form: TextFormat) -> tuple[TextTable, list[str]]:
    """The rows that count, and a note on the others."""
    notes = []
    for column, pattern in form.rows.items():
        kept = matches(table.columns[column], pattern)
        if not kept.any():
            raise DataError(
                f"{table.path}: no row counts: {column} is never {pattern}, but e.g. "
                f"{table.columns[column].iloc[0]!r}."
            )
        if not kept.all():
            n = counted(int((~kept).sum()), "row")
            notes.append(f"{n} left out whose {column} is not {pattern}")
            table = table.take(kept)
    return table, notes


def times_of(table: TextTable, form: TextFormat, zone: str) -> NDArray[np.datetime64]:
    """The time of each row in UTC (of daily values, the date)."""
    columns = form.times.columns
    texts = table.columns[columns[0]]
    for name in columns[1:]:
        texts = texts + " " + table.columns[name]
    code, unique = pd.factorize(texts)
    parsed = pd.to_datetime(
        pd.Series(unique), format=form.times.layout, utc=True, errors="coerce"
    )
    if zone != "UTC":
        local = parsed.dt.tz_localize(None)
        try:
            parsed = local.dt.tz_localize(
                zone, ambiguous=True, nonexistent="shift_forward"
            )
        except (ValueError, KeyError, OSError) as error:
            raise DataError(
                f"{table.path}: unknown time zone {zone!r} ({error}). Correct the line "
                "that states it, e.g. Etc/UTC or America/New_York."
            ) from None
        parsed = parsed.dt.tz_convert("UTC")
    time = parsed.dt.tz_localize(None).to_numpy().astype("datetime64[s]")[code]
    bad = np.isnat(time)
    if form.times.hours:
        hours = table.numbers(form.times.hours)
        off = ~((hours >= 0) & (hours <= 24))
        if off.any():
            raise DataError(
                f"{table.at(form.times.hours, off)} is not an hour from 0 to 24."
            )
        time = time + (hours * 3600).astype("timedelta64[s]")
    if bad.any():
        text = texts.iloc[int(np.flatnonzero(bad)[0])]
        whole = f" ({text!r})" if columns[1:] else ""
        month = re.fullmatch(r"\d{4}-?\d\d", text)
        raise DataError(
            f"{table.at(columns[0], bad)}{whole} "
            + (
                "is a month. Means of months are no values of a day or an instant; "
                "give the daily or hourly values."
                if month
                else f"is not a time of the layout {form.times.layout}."
            )
        )
    return time.astype("datetime64[ns]")


def units_of(
    file: TextFile | ParquetFile,
    form: TextFormat,
    elements: Mapping[str, Element],
    table: TextTable,
    request: Request,
) -> str:
    """Canonical units of the values: the user's word, the file's, or the format's."""
    said = request.units.get(request.variable.name)
    column = next((e.column for e in elements.values()), "")
    said = said or file.units.get(column)
    if not said and form.units_column:
        return _stated_units(table, form, elements)
    if not said and isinstance(form.units, str):
        said = form.units
    if not said:
        texts = [t for e in elements.values() for t in table.columns[e.column].unique()]
        said = form.units(texts) if callable(form.units) else ""
    return canonical_units(said, str(file.path))


def _stated_units(
    table: TextTable, form: TextFormat, elements: Mapping[str, Element]
) -> str:
    """The units that the rows state: the same in all that hold the variable."""
    held = np.zeros(len(table.line), dtype=bool)
    for element in elements.values():
        held |= _holds(table, element)
    found = table.columns[form.units_column][held].unique()
    if len(found) > 1:
        raise DataError(
            f"{table.path}: the rows state different units ({', '.join(found)}). Part "
            "the file by units."
        )
    return canonical_units(found[0] if len(found) else "degC", str(table.path))


def values_of(
    table: TextTable, form: TextFormat, element: Element, code: str, request: Request
) -> tuple[NDArray[np.float64], NDArray[np.bool_], str]:
    """Values as the file has them (NaN where missing), whether each failed a check, and
    what rule said so.

    Args:
        table: The rows.
        form: The format.
        element: The column of values.
        code: The column of quality codes; blank where there is none.
        request: What is wanted; it may say which codes are good.

    Raises:
        DataError: If a cell is no number, or the codes are of no known scheme.
    """
    texts = table.columns[element.column]
    if element.part is not None:
        texts = _piece(texts, element.part)
    value = table.numbers(element.column, texts)
    missing = (*form.missing, *request.missing)
    value[np.isin(value, missing) | ~_holds(table, element)] = np.nan
    if not code:
        return (
            value,
            np.zeros(len(value), dtype=bool),
            f"no codes: {form.about.quality}",
        )
    codes = table.columns[code]
    own = form.quality is not None and request.columns.get("qc") in (None, code)
    if form.quality is None or not own or request.good_flags is not None:
        part = form.quality.part if form.quality is not None and own else None
        codes = codes if part is None else _piece(codes, part)
        where = str(table.path)
        failed, said = rejected_codes(codes, code, where, request.good_flags)
        return value, failed, said
    if form.quality.part is not None:
        codes = _piece(codes, form.quality.part)
    said = f"quality codes in {code}: {form.about.quality}"
    return value, ~matches(codes, form.quality.good), said


def _holds(table: TextTable, element: Element) -> NDArray[np.bool_]:
    """Which rows hold the element."""
    held = np.ones(len(table.line), dtype=bool)
    for column, pattern in element.rows.items():
        if column in table.columns:
            held &= matches(table.columns[column], pattern)
    return held


def _piece(texts: pd.Series, part: int) -> pd.Series:
    """One part of cells that hold several, separated by commas; blank if lacking."""
    code, unique = pd.factorize(texts)
    parts = [text.split(",") for text in unique]
    piece = [p[part].strip() if part < len(p) else "" for p in parts]
    return pd.Series(np.array([*piece, ""], dtype=object)[code], index=texts.index)
