"""`tap`, and `python -m tap`: answers Ctrl-C and SIGTERM from the start, while the commands are being imported, too."""

import signal
import sys


def main() -> int:
    """Run `tap` with the command line's arguments and return its exit code."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        from tap.deploy.cli import main as run

        return run()
    except KeyboardInterrupt:  # before `run` sees to it
        print("tap: interrupted", file=sys.stderr)
        return 130


if __name__ == "__main__":
    sys.exit(main())
