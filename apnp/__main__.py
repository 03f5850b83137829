"""`python -m apnp VERB` is the same as `apnp VERB`."""

import sys

from apnp.cli import main

sys.exit(main())
