"""A simulated network of stations: uneven, with gaps and noise."""

from pathlib import Path

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from apnp.data.schema import from_arrays
from apnp.data.simulate.climate import SimulatedClimate
from apnp.files import atomic_write
from apnp.geometry.sphere import great_circle_km, lat_lon

Floats = NDArray[np.float64]

# Centre (lat, lon), reach in km and how much denser than other land.
_DENSE = (
    (48.0, 12.0, 1100.0, 22.0),
    (39.0, -92.0, 1300.0, 14.0),
    (33.0, 114.0, 900.0, 11.0),
)


def _place(
    climate: SimulatedClimate, n: int, rng: np.random.Generator
) -> tuple[Floats, Floats, Floats]:
    """Latitudes, longitudes (thousandths of a degree), elevations (m) of n stations.

    Land is taken by weight: 1, more in three dense regions, little in Antarctica and
    above about 2000 m; the sea (islands, ships' rocks) has weight 0.02. Elevation is
    the relief, plus roughness of 30 m and a quarter of the relief: stations are in
    valleys and on hills that no smooth grid shows.
    """
    normal = rng.standard_normal((60 * n, 3))
    lat, lon = (np.round(a, 3) for a in lat_lon(normal))
    land, relief = climate.is_land(lat, lon), climate.relief(lat, lon)
    weight = np.ones(len(lat))
    for centre_lat, centre_lon, reach, gain in _DENSE:
        away = great_circle_km(centre_lat, centre_lon, lat, lon) / reach
        weight += gain * np.exp(-(away**2))
    weight *= np.where(lat < -60, 0.3, 1.0) / (1 + (relief / 2000) ** 2)
    weight = np.where(land, weight, np.where(np.abs(lat) < 70, 0.02, 0.0))
    chosen = np.sort(rng.choice(len(lat), n, replace=False, p=weight / weight.sum()))
    lat, lon, relief = lat[chosen], lon[chosen], relief[chosen]
    rough = (30 + 0.25 * relief) * rng.standard_normal(n)
    elevation = np.clip(np.round(relief + rough), 1, 4900)
    return lat, lon, elevation


def _reports(days: int, n: int, rng: np.random.Generator) -> NDArray[np.bool_]:
    """Which days each station reports, (days, n): late starts, early ends, outages.

    One station in eight starts late and one in sixteen ends early; outages come twice
    a year on average and last two weeks on average; 2 % of the other days are missing.
    """
    day = np.arange(days)[:, None]
    start = np.where(rng.random(n) < 1 / 8, rng.integers(0, max(days, 2) // 2, n), 0)
    end = np.where(rng.random(n) < 1 / 16, rng.integers(days // 2, days, n), days)
    reports = (day >= start) & (day < end) & (rng.random((days, n)) >= 0.02)
    outages = rng.random((days, n)) < 2 / 365.25
    length = rng.geometric(1 / 14, (days, n))
    for begin, station in zip(*np.nonzero(outages), strict=True):
        reports[begin : begin + length[begin, station], station] = False
    return reports


def simulate_stations(
    climate: SimulatedClimate,
    *,
    n: int = 2000,
    start: str = "2020-01-01",
    end: str = "2021-12-31",
) -> xr.Dataset:
    """A station dataset observed from the climate; a function of its arguments alone.

    Args:
        climate: Its seed also fixes the places, the gaps and the noise.
        n: Number of stations, at least 1.
        start: First day.
        end: Last day, included.

    Returns:
        CF station dataset with dims (station, time) and daily mean `tas` in degC,
        rounded to 0.1 as stations report it; NaN where a station did not report.
    """
    time = np.arange(np.datetime64(start, "D"), np.datetime64(end, "D") + 1)
    lat, lon, elevation = _place(climate, n, np.random.default_rng([climate.seed, 5]))
    rng = np.random.default_rng([climate.seed, 6])
    reports = _reports(len(time), n, rng)
    noise = climate.noise_std * rng.standard_normal((len(time), n))
    value = np.round(climate.truth(lat, lon, elevation, time) + noise, 1)
    return from_arrays(
        "tas",
        np.where(reports, value, np.nan).T,
        station=[f"SIM{k:05d}" for k in range(n)],
        lat=lat, lon=lon, elevation=elevation, time=time,
        attrs={
            "title": "SIMULATED daily mean temperature at invented stations",
            "source": (
                "SIMULATED by apnp.data.simulate: SimulatedClimate(seed="
                f"{climate.seed}, noise_std={climate.noise_std})"
            ),
            "comment": (
                "SIMULATED: no value in this file was measured. Coasts are those of "
                "Natural Earth; relief, climate, weather, stations and noise are "
                "invented. The true field is known: SimulatedClimate.truth."
            ),
            "history": f"apnp.data.simulate.write_simulated, seed {climate.seed}",
        },
    )  # fmt: skip


def write_simulated(path: str | Path, climate: SimulatedClimate | None = None) -> None:
    """Write the default station network to `path`, the same bytes every time.

    Temperatures are packed as 16-bit tenths of a degree. An existing file is replaced
    only by a complete one.
    """
    ds = simulate_stations(climate or SimulatedClimate())
    packed = {"dtype": "int16", "scale_factor": 0.1, "_FillValue": np.int16(-32768)}
    squeezed = {"zlib": True, "complevel": 6, "shuffle": True}
    plain: dict = {str(name): {"_FillValue": None} for name in ds.coords}
    plain["time"] |= {"units": "days since 2020-01-01", "dtype": "int32"}
    plain["time"] |= {"calendar": "proleptic_gregorian"}
    encoding = {**plain, "tas": packed | squeezed, "tas_flag": squeezed}
    with atomic_write(path) as temporary:
        ds.to_netcdf(temporary, engine="netcdf4", encoding=encoding)
