#!/usr/bin/env bash
# rasterio 1.4.4 (GDAL 3.10.3): a GeoTIFF in the Equal Earth projection does not hold its
# reference system. GDAL writes it to a second file, NAME.tif.aux.xml, without a word; a
# .tif that is renamed, mailed or uploaded alone has lost it. Winkel tripel, as little
# known to GeoTIFF, stays inside. Cure: carry both files, or set GDAL_PAM_ENABLED=NO and
# see the reference system missing when the file is read back.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
python=$folder/venv/bin/python
"$python" -m pip install --quiet --disable-pip-version-check rasterio==1.4.4 numpy==2.2.6
seen=$("$python" -W ignore - "$folder" 2>/dev/null <<'PY'
import os, sys
import numpy as np, rasterio

for name in ("eqearth", "wintri"):
    path = f"{sys.argv[1]}/{name}.tif"
    with rasterio.open(path, "w", driver="GTiff", dtype="float32", count=1, height=3,
                       width=3, crs=f"+proj={name} +lon_0=3 +datum=WGS84",
                       transform=rasterio.Affine(1e5, 0, 0, 0, -1e5, 0)) as file:
        file.write(np.zeros((3, 3), "float32"), 1)
    beside = os.path.exists(path + ".aux.xml")
    os.rename(path, f"{sys.argv[1]}/moved.tif")
    with rasterio.open(f"{sys.argv[1]}/moved.tif") as file:
        print(f"rasterio {rasterio.__version__}, {name}: second file {beside}, "
              f"moved alone it has a reference system {bool(file.crs)}")
PY
)
echo "$seen"
[ "$seen" = "rasterio 1.4.4, eqearth: second file True, moved alone it has a reference system False
rasterio 1.4.4, wintri: second file False, moved alone it has a reference system True" ]
