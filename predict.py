"""Hand the arguments to `apnp predict`."""

import sys

from apnp.cli import main

if __name__ == "__main__":
    sys.exit(main(["predict", *sys.argv[1:]]))
