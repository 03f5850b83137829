import json
import sqlite3
from contextlib import closing
from io import StringIO

import numpy as np
import pandas as pd
import pyarrow.parquet
import pytest
import shapely

from apnp.errors import ConfigError, DataError
from apnp.prediction.points import (
    coordinates,
    quantile_name,
    read_points,
    with_predictions,
    write_points,
)


class Hill:
    """Elevation known in closed form."""

    source = "a hill"

    def at(self, lat, lon):
        return 10 * np.asarray(lat) + np.asarray(lon)


def table(text):
    return pd.read_csv(StringIO(text))


@pytest.mark.parametrize(
    "header",
    ["lat,lon,elevation", "Latitude,LONGITUDE,Altitude", " y,x,z", "lat,lng,elev"],
)
def test_columns_go_by_their_usual_names(header):
    lat, lon, height, _ = coordinates(
        table(f"{header}\n47.5,190.25,812\n-3,-4,0\n"), Hill()
    )
    assert lat.tolist() == [47.5, -3]
    assert lon.tolist() == [190.25, -4]
    assert height.tolist() == [812, 0]


def test_unknown_elevations_are_filled_and_the_table_is_left_alone():
    given = table("lat,lon,elevation\n40,7,\n41,8,55\n")
    before = given.copy()
    assert coordinates(given, Hill())[2].tolist() == [407, 55]
    assert coordinates(table("lat,lon\n40,7\n41,8\n"), Hill())[2].tolist() == [407, 418]
    pd.testing.assert_frame_equal(given, before)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("lat,elevation\n1,2\n", "no column for 'lon'.*longitude.*lat, elevation"),
        (
            "lat,lon\n1,2\n91,2\n92,2\n",
            r"line 3, column 'lat': '91'.*\[-90, 90\]; 2 lines",
        ),
        ("lat,lon\n1,2\n1,north\n", "line 3, column 'lon': 'north'"),
        ("lat,lon\n1,2\n,2\n", "line 3, column 'lat': .*nan"),
        ("lat,lon,elevation\n1,2,12000\n", "line 2, column 'elevation'"),
        ("lat,lon,elevation\n1,2,high\n", "line 2, column 'elevation': 'high'"),
    ],
)
def test_points_that_cannot_be_used_are_named(text, message):
    with pytest.raises(DataError, match=f"towns.csv: {message}"):
        coordinates(table(text), Hill(), "towns.csv")


def test_columns_that_exist_are_never_overwritten():
    given = table("lat,lon,mean\n1,2,3\n")
    with pytest.raises(DataError, match="the columns mean would be overwritten"):
        with_predictions(given, np.datetime64("2021-07-01"), {"mean": np.zeros(1)})


def test_quantiles_are_named_in_percent():
    names = [quantile_name(p) for p in (0.05, 0.5, 0.975, 0.01, 0.07)]
    assert names == ["q05", "q50", "q97.5", "q01", "q07"]


def test_files_come_complete_or_not_at_all(tmp_path):
    path = tmp_path / "out.csv"
    write_points(table("a,b\n1,2.5\n"), path)
    assert path.read_text() == "a,b\n1,2.5\n"
    with pytest.raises(ConfigError, match="cannot be written"):
        write_points(table("a\n1\n"), tmp_path / "absent" / "out.csv")
    assert [p.name for p in tmp_path.iterdir()] == ["out.csv"]
    assert read_points(path).to_dict("list") == {"a": ["1"], "b": ["2.5"]}


@pytest.mark.parametrize(
    ("content", "message"),
    [(None, "no such file"), ("", "is empty"), ("lat,lon\n", "no points")],
)
def test_files_without_points_are_refused(tmp_path, content, message):
    path = tmp_path / "points.csv"
    if content is not None:
        path.write_text(content)
    with pytest.raises(DataError, match=message):
        read_points(path)


def read(tmp_path, text, name="p.csv"):
    (tmp_path / name).write_text(text)
    return read_points(tmp_path / name)


def test_other_columns_come_back_as_text(tmp_path):
    text = "id,code,lat,lon,elevation\n00123,NA,47.0,7.5,500\n00045,NULL,-3,352.5,1e2\n"
    table = read(tmp_path, text)
    lat, lon, height, _ = coordinates(table, Hill())
    assert (lat.tolist(), lon.tolist()) == ([47, -3], [7.5, 352.5])
    assert height.tolist() == [500, 100]
    write_points(table, tmp_path / "out.csv")
    assert (tmp_path / "out.csv").read_text() == text


@pytest.mark.parametrize(
    "text",
    [
        "id;lat;lon;elevation\nA;47,5;-7,25;500\n",
        "id,lat,lon,alt\nA,47.5N,7.25W,500\n",
        "id,lat,lon,elevation_ft\nA,47.5,-7.25,1640.42\n",
        "# towns\nid\tLatitude (deg)\tLongitude (deg)\televation (km)\n"
        "A\t47.5\t-7.25\t0.5\n",
        "\ufeffid,lat,lon,elevation\nA,\"47°30'N\",\"7°15'W\",500\n",
        "id,latitude,longitude,elevation\n,degrees_north,degrees_east,ft\n"
        "A,47.5,-7.25,1640.42\n",
    ],
)  # fmt: skip
def test_points_are_spelled_as_stations_are(tmp_path, text):
    lat, lon, height, _ = coordinates(read(tmp_path, text), Hill())
    assert (lat.item(), lon.item()) == (47.5, -7.25)
    assert height.item() == pytest.approx(500, abs=0.01)


def test_longer_rows_and_repeated_names_are_refused(tmp_path):
    with pytest.raises(DataError, match=r"p.csv, line 3: 4 fields where 3 are named"):
        read(tmp_path, "id,lat,lon\nA,47,7\nB,48,8,9\n")
    with pytest.raises(DataError, match=r"2 columns are called 'lat'"):
        read(tmp_path, "id,lat,lon,lat\nA,47,7,8\n")
    with pytest.raises(DataError, match=r"no points"):
        read(tmp_path, "id,lat,lon\n")
    table = read(tmp_path, "# one\nid,lat,lon\nA,47,7\nB,95,7\n")
    with pytest.raises(DataError, match=r"line 4, column 'lat': '95'. It must lie"):
        coordinates(table, Hill())


def test_a_column_height_is_not_the_ground(caplog):
    given = table("lat,lon,height\n40,7,2\n")
    assert coordinates(given, Hill())[2].tolist() == [407]
    assert "'height' is taken as a height above the ground" in caplog.text


def geometry(lon, lat):
    return shapely.to_wkb(shapely.points(lon, lat))


def test_points_of_geoparquet_and_geopackage(tmp_path):
    frame = pd.DataFrame({"id": ["007"], "geometry": [geometry(7.5, 46.25)]})
    geo = {"version": "1.0.0", "primary_column": "geometry",
           "columns": {"geometry": {"encoding": "WKB", "crs": None}}}  # fmt: skip
    made = pyarrow.Table.from_pandas(frame)
    for code, name in ((4326, "a"), (3035, "b")):
        geo["columns"]["geometry"]["crs"] = {"id": {"authority": "EPSG", "code": code}}
        meta = {**(made.schema.metadata or {}), b"geo": json.dumps(geo).encode()}
        pyarrow.parquet.write_table(
            made.replace_schema_metadata(meta), tmp_path / f"{name}.parquet"
        )
    given = read_points(tmp_path / "a.parquet")
    assert given["id"].tolist() == ["007"]
    assert [v.item() for v in coordinates(given, Hill())[:3]] == [46.25, 7.5, 470]
    with pytest.raises(DataError, match=r"3035, not in degrees.*to_crs"):
        read_points(tmp_path / "b.parquet")
    with closing(sqlite3.connect(tmp_path / "a.gpkg")) as file:
        file.execute("create table gpkg_geometry_columns "
                     "(table_name, column_name, srs_id)")  # fmt: skip
        file.execute("create table gpkg_spatial_ref_sys "
                     "(srs_id, organization_coordsys_id)")  # fmt: skip
        file.execute("insert into gpkg_geometry_columns values ('towns', 'geom', 1)")
        file.execute("insert into gpkg_spatial_ref_sys values (1, 4326)")
        file.execute("create table towns (id text, geom blob)")
        blob = b"GP\x00\x01" + (1).to_bytes(4, "little") + geometry(7.5, 46.25)
        file.execute("insert into towns values ('007', ?)", (blob,))
        file.commit()
    given = read_points(tmp_path / "a.gpkg")
    assert [v.item() for v in coordinates(given, Hill())[:3]] == [46.25, 7.5, 470]
    (tmp_path / "c.gpkg").write_bytes(b"SQLite format 3\x00")
    with pytest.raises(DataError, match=r"no GeoPackage.*CSV"):
        read_points(tmp_path / "c.gpkg")
