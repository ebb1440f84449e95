"""Print docs/wiring-rules.md: `python -m tap.wiring`."""

import argparse
import sys
from collections.abc import Sequence

from tap.wiring import all_rules

HEADER = """\
# Wiring rules

Rules for [cfn-lint](https://github.com/aws-cloudformation/cfn-lint) about connections between resources that no
validator of single resources sees. `E`: AWS refuses the stack, or it never settles. `W`: the stack comes up, and
something in it does not reach its other end. Written by `python -m tap.wiring`.

| id | what it catches | how to mend it | source |
|---|---|---|---|
"""


def table() -> str:
    """Return the page about the rules, as Markdown."""
    rows = [f"| {rule.id} | **{rule.shortdesc}.** {rule.description} | {rule.mend} | [AWS]({rule.source_url}) |\n"
            for rule in all_rules()]
    return HEADER + "".join(rows)


def main(argv: Sequence[str] | None = None) -> int:
    """Print the page. Returns 0; bad flags exit with 2."""
    argparse.ArgumentParser(prog="python -m tap.wiring", description="Print the page about the rules.").parse_args(argv)
    print(table(), end="")
    return 0


if __name__ == "__main__":
    sys.exit(main())
