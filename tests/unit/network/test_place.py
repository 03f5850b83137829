import numpy as np
import pandas as pd
import pytest

from apnp.cli import main
from apnp.data import from_arrays, write_stations
from apnp.errors import ConfigError
from apnp.network import place, place_area
from apnp.network.local_uncertainty import Day, Targets, joined
from apnp.network.place import _greedy, place_stations, remove_stations
from apnp.observations import Observations, Sites

TIME = np.datetime64("2021-07-02", "ns")


class ByDistance:
    """Predicts 5 everywhere; the deviation grows with distance to a station."""

    def condition(self, context):
        self_sites = context.sites

        class Read:
            def predict(self, sites):
                apart = np.hypot(
                    sites.lat[:, None] - self_sites.lat,
                    sites.lon[:, None] - self_sites.lon,
                )
                return np.full(len(sites), 5.0), 0.5 + np.minimum(apart.min(1), 4.0)

        return Read()


def sites(lat, lon):
    lat = np.asarray(lat, dtype=float)
    return Sites(lat, np.asarray(lon, dtype=float), np.zeros(len(lat)), TIME)


def targets():
    lat, lon = (a.ravel() for a in np.meshgrid(np.arange(45.0, 56), np.arange(0.0, 11)))
    return Targets(lat, lon, np.zeros(121), np.full(121, 1 / 121))


def day(lat, lon):
    return Day(
        ByDistance(), targets(), Observations(sites(lat, lon), np.ones(len(lat)))
    )


def test_the_change_near_a_place_is_that_of_the_whole_map():
    here = day([45, 46, 47, 48], [0, 1, 0, 2])
    place = sites([52.0], [8.0])
    close, gain = here.gain(place)
    more = Day(
        here.model, here.targets, joined(here.context, Observations(place, [5.0]))
    )
    assert gain == pytest.approx((here.std() - more.std())[close])
    rest = np.setdiff1d(np.arange(121), close)
    assert here.std()[rest] == pytest.approx(more.std()[rest])
    assert len(close) > 5


def test_the_loss_of_a_station_is_the_gain_of_putting_it_back():
    full = day([45, 46, 47, 52], [0, 1, 0, 8])
    close, loss = full.loss(3)
    less = day([45, 46, 47], [0, 1, 0])
    near, gain = less.gain(sites([52.0], [8.0]))
    gains = {**dict.fromkeys(close, 0.0), **dict(zip(near, gain, strict=True))}
    assert dict(zip(close, loss, strict=True)) == pytest.approx(gains)
    assert max(loss) > 1


def test_the_choice_is_that_of_trying_all_candidates_every_time():
    rng = np.random.default_rng(1)
    lat, lon = rng.uniform(45, 55, 25), rng.uniform(0, 10, 25)
    days = [day([45, 46, 47], [0, 1, 0]), day([45, 47, 46], [0, 1, 3])]
    found = place_stations(days, lat, lon, np.zeros(25), 4)
    again = [day([45, 46, 47], [0, 1, 0]), day([45, 47, 46], [0, 1, 3])]
    for chosen, change in zip(found.index, found.change, strict=True):
        trial = []
        for k in range(25):
            place = sites(lat[k : k + 1], lon[k : k + 1])
            trial.append(-np.mean([d.gain(place)[1].sum() / 121 for d in again]))
        assert trial[chosen] == pytest.approx(min(trial))
        assert change == pytest.approx(min(trial))
        for each in again:
            each.add(sites(lat[chosen : chosen + 1], lon[chosen : chosen + 1]))
    assert found.mean_after - found.mean_before == pytest.approx(sum(found.change))


def test_what_stands_beside_another_is_removed_first():
    lat, lon = np.array([45.0, 45.1, 50, 54]), np.array([0.0, 0.1, 5, 9])
    found = remove_stations([day(lat, lon)], lat, lon, 1)
    assert found.index[0] in (0, 1)
    assert found.change[0] == pytest.approx(0.0, abs=0.01)
    assert found.mean_after >= found.mean_before


def test_places_that_are_chosen_keep_their_distance():
    value = np.array([-3.0, -2.9, -1.0])
    lat, lon = np.array([50.0, 50.01, 55.0]), np.zeros(3)
    chosen, _ = _greedy(
        lambda k: (value[k], 0.0), lambda k: None, lat, lon, 2, apart_km=5.0
    )
    assert chosen == [0, 2]


def test_more_stations_than_candidates_are_refused():
    with pytest.raises(ConfigError, match="between 1 and that of the candidates, 2"):
        place_stations([day([45], [0])], *np.full((3, 2), 50.0), number=3)
    with pytest.raises(ConfigError, match="between 1 and 1 can be removed"):
        place.remove_stations([], np.zeros(4), np.zeros(4), 2)


@pytest.fixture(scope="module")
def network():
    rng = np.random.default_rng(5)
    n = 16
    return from_arrays(
        "tas", rng.normal(9.0, 4.0, (n, 3)), station=[f"s{i}" for i in range(n)],
        lat=rng.uniform(45, 51, n), lon=rng.uniform(4, 14, n),
        elevation=rng.uniform(0, 900, n),
        time=np.arange("2021-07-01", "2021-07-04", dtype="M8[D]"),
    )  # fmt: skip


def test_candidates_at_sea_in_zones_and_near_stations_are_left_out(network):
    lat, lon = np.array([50.0, 50.0, 47.0, 46.0]), np.array([-20.0, 8.0, 9.0, 12.0])
    every = place_area.Candidates(lat, lon, np.zeros(4), np.arange(4))
    kept = place_area.allowed(every, network, [(7, 49, 9, 51)], 0.0)
    assert kept.row.tolist() == [0, 2, 3]
    at = network["lat"].values[:1], network["lon"].values[:1]
    same = place_area.Candidates(*at, np.zeros(1), np.zeros(1, int))
    with pytest.raises(ConfigError, match="None of 1 candidates is allowed"):
        place_area.allowed(same, network, [], 1.0)


@pytest.mark.slow
def test_the_command_places_and_removes(
    network, random_run, tmp_path, capsys, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    write_stations(network, "in.nc")
    run = str(random_run(tmp_path / "run", network))
    pd.DataFrame(
        {"lat": [46.0, 48.5, 50.0], "lon": [5.0, 9.5, 12.0], "elevation": [10, 20, 30]}
    ).to_csv("candidates.csv", index=False)
    common = ["place", "in.nc", "--checkpoint", run, "--grid", "2.0", "--days", "1"]
    more = ["--candidates", "candidates.csv", "--number", "2", "--output", "new.csv"]
    assert main([*common, *more, "--map", "map.png"]) == 0
    assert "K before" in capsys.readouterr().out
    table = pd.read_csv("new.csv")
    assert table["rank"].tolist() == [1, 2]
    assert set(table["candidate"]) < {0, 1, 2}
    assert (tmp_path / "map.png").stat().st_size > 10_000
    assert main([*common, "--remove", "1", "--output", "old.csv"]) == 0
    assert pd.read_csv("old.csv")["station"].isin(network["station"].values).all()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--output", "new.txt"], "its name ends in .csv"),
        (["--output", "n.csv", "--remove", "2", "--number", "3"], "Leave one of them"),
        (["--output", "n.csv", "--exclude", "1,2,3"], "must be a region"),
    ],
)
def test_what_cannot_be_done_is_refused_in_one_line(
    arguments, said, network, tmp_path, capsys, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    write_stations(network, "in.nc")
    assert main(["place", "in.nc", *arguments]) == 2
    error = capsys.readouterr().err.strip()
    assert said in error
    assert len(error.splitlines()) == 1
