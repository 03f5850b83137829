"""Tables with types: Parquet, GeoParquet, GeoPackage and DataFrames, made flat."""

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow
import pyarrow.parquet
import shapely
from numpy.typing import NDArray

from apnp.data.readers.file_head import Head, head_of
from apnp.errors import DataError

_SQLITE = b"SQLite format 3\x00"
_DEGREES = (4326, 4979, 4269, 4258)  # EPSG codes whose coordinates are degrees
_ENVELOPE = (0, 32, 48, 48, 64)  # bytes of the envelopes of GeoPackage geometries


def is_frame_file(head: Head) -> bool:
    """Whether the file is Parquet or GeoPackage."""
    return head.magic.startswith((b"PAR1", _SQLITE))


def frame_of(path: Path) -> pd.DataFrame:
    """The table of a Parquet or GeoPackage file; points become columns lat and lon.

    Raises:
        DataError: If the geometries are no points in degrees, or there is no table.
    """
    if head_of(path).magic.startswith(_SQLITE):
        return _geopackage(path)
    table = pyarrow.parquet.read_table(path, page_checksum_verification=True)
    meta = table.schema.metadata or {}
    geo = json.loads(meta[b"geo"]) if b"geo" in meta else None
    frame = flat_frame(table.to_pandas())
    return frame if geo is None else _with_points(frame, geo, path)


def flat_frame(frame: pd.DataFrame) -> pd.DataFrame:
    """A DataFrame whose index levels are columns, with names that are text.

    An index without a name that holds times becomes `time`; one of plain numbers that
    count the rows is left out.
    """
    counts = isinstance(frame.index, pd.RangeIndex) or (
        frame.index.nlevels == 1
        and frame.index.name is None
        and pd.api.types.is_integer_dtype(frame.index.dtype)
    )
    if not counts:
        index = frame.index.to_frame(index=False)
        names = [
            _index_name(level, name, index.iloc[:, k])
            for k, (level, name) in enumerate(
                zip(range(frame.index.nlevels), frame.index.names, strict=True)
            )
        ]
        index.columns = pd.Index(names)
        index = index[[n for n in index if n not in set(map(str, frame.columns))]]
        frame = pd.concat([index, frame.reset_index(drop=True)], axis=1)
    frame = frame.reset_index(drop=True)
    return frame.set_axis([str(c).strip() for c in frame.columns], axis=1)


def _index_name(level: int, name: object, column: pd.Series) -> str:
    if name is not None:
        return str(name)
    dated = pd.api.types.is_datetime64_any_dtype(column.dtype) or isinstance(
        column.dtype, pd.PeriodDtype
    )
    return "time" if dated else f"index_{level}"


def _with_points(frame: pd.DataFrame, geo: dict, path: Path) -> pd.DataFrame:
    """The table of a GeoParquet file with columns lat and lon."""
    name = geo.get("primary_column", "geometry")
    about = geo.get("columns", {}).get(name, {})
    crs = about.get("crs")
    if crs is not None:
        code = (crs.get("id") or {}).get("code")
        if code not in (*_DEGREES, "CRS84", "CRS84h"):
            raise _not_degrees(path, code or crs.get("name", "unknown"))
    if about.get("encoding", "WKB") != "WKB":
        raise DataError(
            f"{path}: geometries are encoded as {about['encoding']}; WKB is read. "
            "Write the file again with geometry_encoding='WKB'."
        )
    return _placed(frame, name, shapely.from_wkb(frame[name].to_numpy()), path)


def _placed(
    frame: pd.DataFrame, name: str, points: NDArray, path: Path
) -> pd.DataFrame:
    kinds = shapely.get_type_id(points)
    if not np.isin(kinds, (-1, 0)).all():
        raise DataError(
            f"{path}: column {name!r} holds geometries that are no points. Give the "
            "stations as points."
        )
    frame = frame.drop(columns=[name])
    for axis, value in (("lon", shapely.get_x(points)), ("lat", shapely.get_y(points))):
        frame[axis if axis not in frame else f"geometry_{axis}"] = value
    return frame


def _not_degrees(path: Path, crs: object) -> DataError:
    return DataError(
        f"{path}: its coordinates are in {crs}, not in degrees of latitude and "
        "longitude. Convert it to EPSG:4326 first (GeoDataFrame.to_crs, ogr2ogr "
        "-t_srs EPSG:4326)."
    )


def _geopackage(path: Path) -> pd.DataFrame:
    """The one table of points of a GeoPackage (OGC 12-128), with lat and lon."""
    try:
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as file:
            layers = file.execute(
                "select table_name, column_name, srs_id from gpkg_geometry_columns"
            ).fetchall()
            if len(layers) != 1:
                names = ", ".join(layer[0] for layer in layers) or "none"
                raise DataError(
                    f"{path}: a GeoPackage with one layer of points is read; this one "
                    f"has {len(layers)} ({names}). Write a file with one layer."
                )
            table, column, srs = layers[0]
            quoted = '"' + str(table).replace('"', '""') + '"'
            frame = pd.read_sql_query(f"select * from {quoted}", file)
            row = file.execute(
                "select organization_coordsys_id from gpkg_spatial_ref_sys "
                "where srs_id = ?", (srs,),
            ).fetchone()  # fmt: skip
    except sqlite3.Error as error:
        raise DataError(
            f"{path}: an SQLite file that is no GeoPackage ({error}). Export the table "
            "as CSV."
        ) from None
    if row is None or row[0] not in _DEGREES:
        raise _not_degrees(path, f"EPSG:{row[0]}" if row else f"srs {srs}")
    points = shapely.from_wkb([_wkb(blob) for blob in frame[column]])
    return _placed(frame, column, points, path)


def _wkb(blob: bytes | None) -> bytes | None:
    """The WKB within a geometry of GeoPackage: behind its header and envelope."""
    if blob is None:
        return None
    return blob[8 + _ENVELOPE[min(blob[3] >> 1 & 7, 4)] :]
