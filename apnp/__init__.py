"""Approximately equivariant neural processes for spatial observations.

From Python::

    stations = apnp.read_stations("stations.nc")
    model = apnp.load("runs/mine")
    field = model.predict_grid(stations, time="2021-07-01", grid=1.0)
    apnp.plotting.map(field, "map.png", stations=stations)

Every public name is listed in `__init__.pyi`, where type checkers read it too. A name
is imported when it is first used: `import apnp` loads neither numpy nor torch. What
cannot be reached from here is not part of the public interface.
"""

import lazy_loader

__version__ = "0.2.0"
__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
