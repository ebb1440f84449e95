"""The migration that `MigrationCommand` runs before a release's first task: any command that exits 0 when it is done.

Yours would bring the database schema to this image's version, in steps that the previous version can live with. Here it
checks that the database may be reached, which is what most failing migrations fail at.
"""

import os
import socket
import sys

SECONDS = 10


def main() -> int:
    """Return 0 where the database accepts connections, 1 and one line on standard error where it does not."""
    host, port = os.environ["DB_HOST"], int(os.environ["DB_PORT"])
    try:
        socket.create_connection((host, port), timeout=SECONDS).close()
    except OSError as error:
        print(f"migrate: {host}:{port} does not accept connections: {error}", file=sys.stderr)
        return 1
    print("migrate: nothing to do")
    return 0


if __name__ == "__main__":
    sys.exit(main())
