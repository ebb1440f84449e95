"""List what new resource types still lack in TAP's tables: `python -m tap.rehearsal.new_types`.

Exit code 2 where a table lacks a type. A type without a handler is no mistake: a rehearsal skips it.
"""

import subprocess
import sys
import tempfile
from collections.abc import Iterable

from tap.cost.resources import FREE, PRICED
from tap.permissions.table import NoActions, entry
from tap.rehearsal.emulator import environment, require_ministack
from tap.template.registry import builder


def missing(types: Iterable[str]) -> list[str]:
    """Return a message for each table, of IAM actions or prices, that lacks one of these types."""
    messages = []
    for kind in sorted(set(types)):
        try:
            entry(kind)
        except NoActions as error:
            messages.append(str(error))
        if kind not in PRICED and kind not in FREE and not kind.startswith("AWS::IAM::"):
            messages.append(f"{kind} has no price: add how it is billed to tap/cost/resources.py, or add it to FREE "
                            "there")
    return messages


def skipped(types: Iterable[str]) -> list[str]:
    """Return the types for which the emulator has no handler.

    Asks a process of its own, since importing MiniStack has effects. Raises InputError where it is not installed.
    """
    require_ministack()
    with tempfile.TemporaryDirectory(prefix="tap-rehearsal-") as home:
        return subprocess.run(  # noqa: S603  (our own command, and names of resource types)
            [sys.executable, "-m", "tap.rehearsal.handlers", *sorted(set(types))], env=environment(home), check=True,
            capture_output=True, text=True).stdout.split()


def skipping(kind: str) -> str:
    """Return the message for a type without a handler."""
    return f"{kind} has no handler in the emulator, so rehearsals skip it: add one to tap/rehearsal/handlers.py"


def main() -> int:
    """Print what is missing and return the exit code."""
    types = {str(resource.resource_type) for resource in builder("tap")().resources.values()}
    messages = missing(types)
    for message in [*messages, *map(skipping, skipped(types))]:
        print(message, file=sys.stderr)
    return 2 if messages else 0


if __name__ == "__main__":
    sys.exit(main())
