#!/usr/bin/env bash
# pyproj 3.7.2: the CF attributes that `CRS.to_cf` writes for the Swiss grid (EPSG:2056)
# describe another map. Without `crs_wkt`, which CF makes optional, `CRS.from_cf` reads
# them without an error and places Zurich 136 km away: the angle from the rectified to
# the skew grid is lost (to_cf warns, from_cf does not), and CF has no attribute for it.
# Programs that read CF attributes alone do the same. The Hungarian grid (EPSG:23700) is
# another of this kind. Cure: read `crs_wkt`, or two-dimensional latitudes and longitudes.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
python=$folder/venv/bin/python
"$python" -m pip install --quiet --disable-pip-version-check pyproj==3.7.2
seen=$("$python" -W ignore - <<'PY'
from math import hypot
import pyproj
from pyproj import CRS, Transformer

for code, lon, lat in ((3035, 10.0, 50.0), (2056, 8.54, 47.38), (23700, 19.0, 47.5)):
    crs = CRS.from_epsg(code)
    attrs = {k: v for k, v in crs.to_cf().items() if k != "crs_wkt"}
    again = CRS.from_cf(attrs)
    one, two = (
        Transformer.from_crs(c.geodetic_crs, c, always_xy=True).transform(lon, lat)
        for c in (crs, again)
    )
    away = hypot(one[0] - two[0], one[1] - two[1]) / 1000
    print(f"pyproj {pyproj.__version__}, EPSG:{code}: {away:.0f} km")
PY
)
echo "$seen"
[ "$seen" = "pyproj 3.7.2, EPSG:3035: 0 km
pyproj 3.7.2, EPSG:2056: 136 km
pyproj 3.7.2, EPSG:23700: 56 km" ]
