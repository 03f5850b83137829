import zipfile

import pytest
from format_samples import SAMPLES

from apnp.data import read_stations
from apnp.errors import DataError


def pack(path, **members):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in members.items():
            archive.writestr(name, text)
    return path


def dwd(folder, station, lat, value):
    """An archive like those of the DWD: a product and its own list of positions."""
    product = (
        "STATIONS_ID;MESS_DATUM;QN_9;TT_TU;RF_TU;eor\n"
        f"         {station};2021080122;    3;  {value};  80.0;eor\n"
    )
    places = (
        "Stations_id;Stationshoehe;Geogr.Breite;Geogr.Laenge;von_datum;bis_datum;"
        f"Stationsname\n         {station}; 230.00; {lat}; 8.0;19500101;        ;Ort\n"
    )
    return pack(
        folder / f"stundenwerte_TU_{station:05d}_akt.zip",
        **{
            f"produkt_tu_stunde_20210801_20210801_{station:05d}.txt": product,
            f"Metadaten_Geographie_{station:05d}.txt": places,
            "Metadaten_Parameter_tu.html": "<html></html>",
        },
    )


@pytest.mark.parametrize("as_folder", [False, True])
def test_each_archive_brings_its_own_positions(tmp_path, as_folder):
    paths = [dwd(tmp_path, 42, 50.5, 13.4), dwd(tmp_path, 43, 51.5, -3.5)]
    ds = read_stations(tmp_path if as_folder else paths)
    assert ds["station"].values.tolist() == ["42", "43"]
    assert ds["lat"].values.tolist() == [50.5, 51.5]
    assert ds["tas"].values.ravel().tolist() == pytest.approx([13.4, -3.5])
    assert ds.attrs["quality_control"] == "nothing dropped"


def test_an_archive_beside_files_and_in_a_folder_of_its_own(tmp_path):
    sample = SAMPLES["GHCNh"]
    other = sample.text.replace("ZZI0000TEST", "ZZI0000NEXT").replace("61.5", "62.5")
    (tmp_path / sample.name).write_text(sample.text)
    pack(tmp_path / "more.zip", **{"a/b/next.psv": other, "a/.hidden": "x", "b/": ""})
    assert read_stations(tmp_path).sizes["station"] == 2


def test_errors_name_the_archive(tmp_path):
    sample = SAMPLES["GHCNh"]
    path = pack(tmp_path / "x.zip", **{sample.name: sample.text.replace("-7.5", "?")})
    with pytest.raises(DataError) as error:
        read_stations(path)
    assert str(error.value).startswith(f"{path}/{sample.name}, line 2, column 'tempe")


def test_refusals(tmp_path):
    path = pack(tmp_path / "readme.zip", **{"readme.md": "nothing here"})
    with pytest.raises(DataError, match=r"readme.zip: no file of a known format"):
        read_stations(path)
    with pytest.raises(DataError, match=r"empty.zip: the archive holds no files"):
        read_stations(pack(tmp_path / "empty.zip"))
    whole = pack(tmp_path / "cut.zip", **{"a.csv": "a,b\n" * 1000})
    data = bytearray(whole.read_bytes())
    data[45:50] = b"\xff" * 5
    whole.write_bytes(bytes(data))
    with pytest.raises(DataError, match=r"cut.zip: cannot be unpacked"):
        read_stations(whole)
    data = whole.read_bytes()
    at = data.rindex(b"PK\x01\x02")
    whole.write_bytes(data[:at] + b"XX" + data[at + 2 :])
    with pytest.raises(DataError, match=r"cut.zip: cannot be unpacked"):
        read_stations(whole)


def test_what_unpacks_to_far_more_than_it_holds_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr("apnp.data.readers.archives.SMALL", 10_000)
    path = pack(tmp_path / "bomb.zip", **{"a.csv": "0" * 1_000_000})
    with pytest.raises(DataError, match=r"unpacks to .* times its size"):
        read_stations(path)
