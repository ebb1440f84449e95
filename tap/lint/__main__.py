"""Lint the templates: `python -m tap.lint`."""

import argparse
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from tap.deploy.models import TapError
from tap.deploy.parameters import environment_names, load_environment
from tap.deploy.stand_ins import STAND_INS
from tap.deploy.wording import counted
from tap.lint.checkov import CHECKOV
from tap.lint.finding import CFN_LINT, Finding
from tap.lint.validators import DEFAULTS, VALIDATE, findings
from tap.template.registry import TEMPLATES, builder, file_of, samples

if TYPE_CHECKING:
    from troposphere import Template


def main(argv: Sequence[str] | None = None, build: "Callable[[], Template] | None" = None,
         find: Callable[..., list[Finding]] = findings) -> int:
    """Print a line for each finding and return the exit code.

    The code is 0 without errors (warnings of cloudformation-validate do not count), 1 with errors, 2 if a tool is not
    installed or an environment's file is invalid. `build` replaces the template's own, `find` the tools, for tests.
    """
    parser = argparse.ArgumentParser(
        prog="python -m tap.lint", description=f"Lint the templates with {CFN_LINT}, {VALIDATE} and {CHECKOV}.")
    parser.add_argument("--template", choices=TEMPLATES, help="check this template (default: all)")
    parser.add_argument("--environment", metavar="ENV", action="append",
                        help="check tap with this environment's parameters (default: all environments)")
    parser.add_argument("--root", metavar="DIR", type=Path, default=Path(),
                        help="directory that contains parameters/ (default: the current directory)")
    arguments = parser.parse_args(argv)

    named = ("tap",) if build or arguments.environment else tuple(TEMPLATES)
    try:
        codes = [_lint(name, build or builder(name), find, arguments.environment, arguments.root)
                 for name in ((arguments.template,) if arguments.template else named)]
    except TapError as error:
        print(f"tap.lint: {error.message}", file=sys.stderr)
        return error.exit_code
    return max(codes)


def _lint(name: str, build: "Callable[[], Template]", find: Callable[..., list[Finding]],
          environments: Sequence[str] | None, root: Path) -> int:
    # Imported late so that --help does not wait for troposphere.
    from tap.template.render import to_text

    built = build()
    text, template = to_text(built), built.to_dict()
    values = samples(name) or {
        environment: load_environment(environment, root, template, stand_ins=STAND_INS).values.parameters
        for environment in environments or environment_names(root)}
    results = find(text, template, values)
    for finding in results:
        print(f"{file_of(name)}:{finding}")
    failing = sum(finding.fails for finding in results)
    prefix = "" if name == "tap" else f"{name}: "
    print(f"tap.lint: {prefix}{counted(failing, 'error')}, {counted(len(results) - failing, 'warning')} (parameters: "
          f"{', '.join((DEFAULTS, *values))})")
    return 1 if failing else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)  # 128 + SIGINT, as in shells
