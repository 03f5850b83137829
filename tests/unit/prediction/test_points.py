from io import StringIO

import numpy as np
import pandas as pd
import pytest

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
    pd.testing.assert_frame_equal(read_points(path), table("a,b\n1,2.5\n"))


@pytest.mark.parametrize(
    ("content", "message"),
    [(None, "cannot be read"), ("", "cannot be read"), ("lat,lon\n", "no points")],
)
def test_files_without_points_are_refused(tmp_path, content, message):
    path = tmp_path / "points.csv"
    if content is not None:
        path.write_text(content)
    with pytest.raises(DataError, match=message):
        read_points(path)
