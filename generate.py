"""Print a CloudFormation template: `python generate.py > template.yaml`."""

import argparse
import gc
import os
import sys
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from tap.template.registry import TEMPLATES, Unbuildable, builder


def main(argv: Sequence[str] | None = None, find: Callable[[str], Callable[[], Any]] = builder) -> int:
    """Print the requested template and return the exit code.

    The code is 2 if the file cannot be written, a package is not installed, or a resource type is missing from the
    table of permissions. `find` returns the function that builds a template.

    Raises SystemExit(2) for invalid arguments, after printing the usage.
    """
    parser = argparse.ArgumentParser(
        prog="generate.py", description="Print a CloudFormation template.",
        # A fixed width saves the import of shutil, 1 % of the run time.
        formatter_class=partial(argparse.HelpFormatter, width=78))
    parser.add_argument("--template", choices=TEMPLATES, default="tap", help="template to print (default: tap)")
    parser.add_argument("--format", choices=("yaml", "json"), default="yaml", help="output format (default: yaml)")
    parser.add_argument("-o", metavar="FILE", type=Path, help="write to FILE instead of standard output")
    arguments = parser.parse_args(argv)

    # Imported late so that --help does not wait for troposphere.
    try:
        from tap.template.render import to_text

        build = find(arguments.template)
    except ModuleNotFoundError as error:
        print(f"generate.py: {error.name} is not installed: pip install -e '.[cli]'", file=sys.stderr)
        return 2

    try:
        text = to_text(build(), form=arguments.format)
    except Unbuildable as error:
        print(f"generate.py: {error}", file=sys.stderr)
        return 2
    try:
        if arguments.o and arguments.o != Path("-"):
            from tap.deploy.whole_file import write_whole  # needed for files alone

            write_whole(arguments.o, text)
        else:
            sys.stdout.buffer.write(text.encode())
            sys.stdout.flush()
    except BrokenPipeError:
        # The reader has closed the pipe. Let Python's final flush of standard output succeed.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except OSError as error:
        target = arguments.o or "standard output"
        print(f"generate.py: cannot write {target}: {error.strerror}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    # Garbage collection would take an eighth of the time and free nothing.
    gc.disable()
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)  # 128 + SIGINT, as in shells
