"""`tap`, and `python -m tap`: answers Ctrl-C and SIGTERM from the start, while the commands are being imported, too."""

import io
import signal
import sys


def main() -> int:
    """Run `tap` with the command line's arguments and return its exit code."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    if isinstance(sys.stdout, io.TextIOWrapper):
        # Not every terminal and log takes an arrow: a deployment must not end at one.
        sys.stdout.reconfigure(errors="backslashreplace")
    try:
        try:
            from tap.cli.main import main as run
        except ModuleNotFoundError as error:
            print(f"tap: {error.name} is not installed: pip install 'tap-cloudformation[cli]'", file=sys.stderr)
            return 2
        return run()
    except KeyboardInterrupt:  # before `run` sees to it
        print("tap: interrupted", file=sys.stderr)
        return 130


if __name__ == "__main__":
    sys.exit(main())
