"""Generate docs/wiring-rules.md: `python -m tap.wiring`."""

import argparse
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from tap.wiring import CFN_LINT, all_rules
from tap.wiring.examples import example

if TYPE_CHECKING:
    from tap.wiring.rule import WiringRule

INSTALL = "pip install 'tap-cloudformation[lint]'"
HEADER = """\
# Wiring rules

{count} rules for [cfn-lint](https://github.com/aws-cloudformation/cfn-lint) that check how resources connect:
permissions, network reachability and creation order. Validators of single resources cannot check these.

| severity | meaning |
|---|---|
| `E` | AWS rejects the stack, or it never becomes stable |
| `W` | the stack is created, but a connection in it does not work |
| `I` | advice, or parts that were not checked; shown with `cfn-lint --include-checks I` |

## Use

Install `tap-cloudformation`; `tap` on PyPI is another project.

```bash
pip install 'tap-cloudformation[lint]'
cfn-lint --append-rules tap.wiring -- template.yaml
```

With [pre-commit](https://pre-commit.com), use the hook `cfn-lint-wiring` of this repository. In a GitHub workflow, this
uploads the findings to code scanning:

```yaml
- run: pip install 'tap-cloudformation[lint]' 'cfn-lint[sarif]'
- run: cfn-lint --append-rules tap.wiring --format sarif --output-file wiring.sarif -- templates/*.yaml
- uses: github/codeql-action/upload-sarif@v4
  if: always()
  with: {{sarif_file: wiring.sarif}}
```

Values that the template does not contain (parameters without a value, imports, custom resources, nested stacks) are
assumed to be correct. Conditions are evaluated both ways, within the template's `Rules`. SAM resources and templates
with a macro are skipped; `I9001` reports them.

Each example is a diff from a broken template (`-` lines) to the fixed one (`+` lines). `python -m tap.wiring` generates
this page.

## Rules

"""
ROW = "| [{rule.id}](#{anchor}) | {rule.shortdesc} |\n"
SECTION = """\

### {rule.id}

**{rule.shortdesc}.** {rule.description}

{error}

Fix: {rule.fix}

```diff
{example}```

Source: <{rule.source_url}>
"""


def page() -> str:
    """Return the reference of the rules as Markdown."""
    rules = all_rules()
    rows = "".join(ROW.format(rule=rule, anchor=rule.id.lower()) for rule in rules)
    sections = "".join(map(_section, rules))
    return f"{HEADER.format(count=len(rules))}| id | finds |\n|---|---|\n{rows}{sections}"


def _section(rule: "type[WiringRule]") -> str:
    error = f"AWS: `{rule.error}`" if rule.error else "AWS reports no error."
    return SECTION.format(rule=rule, error=error, example=example(rule.id))


def main(argv: Sequence[str] | None = None) -> int:
    """Print the page. Return 0, or 2 if cfn-lint is not installed. Raises SystemExit(2) for invalid arguments."""
    argparse.ArgumentParser(
        prog="python -m tap.wiring", description="Print the reference of the rules.").parse_args(argv)
    try:
        print(page(), end="")
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] != CFN_LINT:
            raise
        print(f"python -m tap.wiring: cfn-lint is not installed: {INSTALL}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
