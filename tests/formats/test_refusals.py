import zipfile

import pytest

from apnp.data import read_stations
from apnp.data.readers.refusals import REFUSALS
from apnp.errors import DataError

NOT_READ = {
    "an Excel workbook or another Office document": None,
    "an old Excel file": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(100),
    "GRIB": b"GRIB\x00\x00\x00\x02" + bytes(100),
    "BUFR": b"BUFR\x00\x00\x00\x04" + bytes(100),
    "a PDF": b"%PDF-1.7\n",
    "a web page, not data": b"\n<!DOCTYPE html>\n<html><form></form></html>\n",
    "XML": b'<?xml version="1.0"?>\n<a/>\n',
    "JSON": b'{"STATION": [{"STID": "X"}]}\n',
    "monthly means of Berkeley Earth": b"% Data\n"
    b"% Station ID, Series Number, Date, Temperature (C), Uncertainty (C)\n"
    b"     1\t1\t2021.042\t  4.100\t 0.0500\n",
    "monthly values of the DWD": b"STATIONS_ID;MESS_DATUM_BEGINN;MESS_DATUM_ENDE;QN_4;"
    b"MO_TT;eor\n42;20210101;20210131;1;1.5;eor\n",
    "monthly values of M\u00e9t\u00e9o-France": b"NUM_POSTE;NOM_USUEL;LAT;LON;ALTI;"
    b"AAAAMM;TM\n01;A;1;1;1;202101;1.5\n",
    "monthly values of MeteoSwiss": b"station_abbr;reference_timestamp;tre200m0\n"
    b"ZZZ;01.01.2021 00:00;1.5\n",
    "monthly values of SMHI": "Från Datum Tid (UTC);Till Datum Tid (UTC);Representativ "
    "månad;Lufttemperatur;Kvalitet\n".encode(),
    "hourly values of Environment Canada, in local standard time": (
        '\ufeff"Longitude (x)","Latitude (y)","Station Name","Climate ID",'
        '"Date/Time (LST)","Year","Month","Day","Time (LST)","Temp (°C)"\n'
        '"-75","45","A","1","2021-01-01 00:00","2021","01","01","00:00","1.5"\n'
    ).encode(),
}


def write(path, content):
    if content is None:
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("[Content_Types].xml", "<Types/>")
            archive.writestr("xl/workbook.xml", "<workbook/>")
    else:
        path.write_bytes(content)
    return path


def test_every_refusal_has_an_example():
    assert [kind.what for kind in REFUSALS] == list(NOT_READ)


@pytest.mark.parametrize("what", NOT_READ)
def test_what_is_not_read_is_named_with_a_way_out(tmp_path, what):
    path = write(tmp_path / "file", NOT_READ[what])
    kind = next(kind for kind in REFUSALS if kind.what == what)
    with pytest.raises(DataError) as error:
        read_stations(path)
    assert str(error.value) == f"{path}: {what}. {kind.way_out}"


@pytest.mark.parametrize("what", NOT_READ)
def test_in_a_folder_only_readings_are_refused(tmp_path, what):
    write(tmp_path / "file", NOT_READ[what])
    good = "station,time,lat,lon,elevation,tas\nA,2021-01-01,1,1,1,1.5\n"
    (tmp_path / "good.csv").write_text(good)
    if next(kind for kind in REFUSALS if kind.what == what).readings:
        with pytest.raises(DataError, match=r"file: (monthly|hourly)"):
            read_stations(tmp_path)
    else:
        assert read_stations(tmp_path)["tas"].item() == 1.5


def test_a_month_in_a_daily_format_is_no_day(tmp_path):
    path = tmp_path / "gsom.csv"
    path.write_text(
        '"STATION","DATE","LATITUDE","LONGITUDE","ELEVATION","NAME","TAVG"\n'
        '"ZZ000001234","2021-07","61.5","-5.25","230.0","A","15.3"\n'
    )
    with pytest.raises(DataError, match=r"line 2, column 'DATE': '2021-07' is a mon"):
        read_stations(path)


def test_an_unknown_format_shows_the_way_to_a_table(tmp_path):
    path = tmp_path / "x.dat"
    path.write_text("17.3 12.1\n11.2 13.1\n")
    with pytest.raises(DataError, match=r"'17.3 12.1'.*apnp data formats.*--columns"):
        read_stations(path)
