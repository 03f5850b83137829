import os
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder of real observations, which the project does not hold."""
    folder = os.environ.get("APNP_REAL_DATA")
    if not folder:
        pytest.skip("real observations: set APNP_REAL_DATA to their folder")
    return Path(folder)
