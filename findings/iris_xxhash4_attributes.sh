#!/usr/bin/env bash
# Iris 3.14.1 cannot load a valid CF file in which one variable has two ancillary
# variables that each carry a free-text attribute (here `comment`), when xxhash 4 is
# installed: "TypeError: Strings must be encoded before hashing". Iris compares the
# attributes through xxh64_hexdigest(str), which xxhash 4 refuses; xxhash 3 accepts it.
# Nothing in the dependencies of Iris excludes xxhash 4, so pip installs it.
# Cure for a user: pip install "xxhash<4".
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
python=$folder/venv/bin/python
"$python" -m pip install --quiet --disable-pip-version-check \
  scitools-iris==3.14.1 netCDF4==1.7.2 xxhash==4.1.0
cat > "$folder/load.py" <<'PY'
import sys
import iris, netCDF4, xxhash

path = sys.argv[1]
with netCDF4.Dataset(path, "w") as nc:
    for name, units, size in (("lat", "degrees_north", 2), ("lon", "degrees_east", 3)):
        nc.createDimension(name, size)
        axis = nc.createVariable(name, "f8", (name,))
        axis.units = units
        axis[:] = range(size)
    tas = nc.createVariable("tas", "f4", ("lat", "lon"))
    tas.setncatts({"standard_name": "air_temperature", "units": "K",
                   "ancillary_variables": "error distance"})
    tas[:] = 280
    for name in ("error", "distance"):
        var = nc.createVariable(name, "f4", ("lat", "lon"))
        var.setncatts({"long_name": name, "units": "1", "comment": f"about {name}"})
        var[:] = 1
try:
    cube = iris.load_cube(path, "air_temperature")
    outcome = f"loaded with {len(cube.ancillary_variables())} ancillary variables"
except TypeError as error:
    outcome = f"TypeError: {error}"
print(f"iris {iris.__version__}, xxhash {xxhash.VERSION}: {outcome}")
PY
seen4=$("$python" -W ignore "$folder/load.py" "$folder/a.nc")
echo "$seen4"
"$python" -m pip install --quiet --disable-pip-version-check xxhash==3.5.0
seen3=$("$python" -W ignore "$folder/load.py" "$folder/a.nc")
echo "$seen3"
[ "$seen4" = "iris 3.14.1, xxhash 4.1.0: TypeError: Strings must be encoded before hashing" ]
[ "$seen3" = "iris 3.14.1, xxhash 3.5.0: loaded with 2 ancillary variables" ]
