"""Hand the arguments to `apnp train`."""

import sys

from apnp.cli import main

if __name__ == "__main__":
    sys.exit(main(["train", *sys.argv[1:]]))
