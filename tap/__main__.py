"""`python -m tap` is `tap`."""

import sys

from tap.deploy.cli import main

if __name__ == "__main__":
    sys.exit(main())
