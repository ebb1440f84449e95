"""Entry point of `tap` and `python -m tap`: handles Ctrl-C and SIGTERM even while the commands are being imported."""

import io
import signal
import sys


def main() -> int:
    """Run `tap` with the command line's arguments and return its exit code."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    if isinstance(sys.stdout, io.TextIOWrapper):
        # An encoding without arrows must not end a deployment.
        sys.stdout.reconfigure(errors="backslashreplace")
    try:
        try:
            from tap.cli.main import main as run
        except ModuleNotFoundError as error:
            print(f"tap: {error.name} is not installed: pip install 'tap-cloudformation[cli]'", file=sys.stderr)
            return 2
        return run()
    except KeyboardInterrupt:  # before `run` handles it
        print("tap: interrupted", file=sys.stderr)
        return 130


if __name__ == "__main__":
    sys.exit(main())
