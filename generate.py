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
    """Print the template that the command line asks for; return the exit code.

    2: a file that it cannot write, a package that is not installed, or a resource type that the table of
    permissions lacks. `find` returns what builds a template.

    A bad flag raises SystemExit(2), after the usage.
    """
    parser = argparse.ArgumentParser(
        prog="generate.py", description="Print a CloudFormation template.",
        # To ask for the terminal's width, argparse imports what unpacks archives: a hundredth of all the time.
        formatter_class=partial(argparse.HelpFormatter, width=78))
    parser.add_argument("--template", choices=TEMPLATES, default="tap", help="which template (default: tap)")
    parser.add_argument("--format", choices=("yaml", "json"), default="yaml", help="default: yaml")
    parser.add_argument("-o", metavar="FILE", type=Path, help="write to FILE instead of standard output")
    arguments = parser.parse_args(argv)

    # After the flags: the usage need not wait for troposphere.
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
            arguments.o.write_text(text, encoding="utf-8", newline="\n")
        else:
            sys.stdout.buffer.write(text.encode())
            sys.stdout.flush()
    except BrokenPipeError:
        # The reader has gone. Python flushes standard output once more on its way out; let that succeed.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except OSError as error:
        target = arguments.o or "standard output"
        print(f"generate.py: cannot write {target}: {error.strerror}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    # Everything lives until the end: looking for garbage takes an eighth of the time and finds none.
    gc.disable()
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)  # as shells have it; there is nothing to tell
