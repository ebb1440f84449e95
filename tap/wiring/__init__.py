"""cfn-lint rules for wiring: connections between resources, which validators of single resources cannot check.

`cfn-lint --append-rules tap.wiring` loads them, as does the path of this folder. Each rule is a module; the other
modules are shared.
"""

import inspect
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tap.wiring.rule import WiringRule

CFN_LINT = "cfnlint"


def all_rules() -> "list[type[WiringRule]]":
    """Return the rule classes, sorted by id. Raises ModuleNotFoundError if cfn-lint is not installed."""
    from tap.wiring.rule import WiringRule

    modules = [import_module(f"{__name__}.{path.stem}") for path in Path(__file__).parent.glob("[a-z]*.py")]
    found = {member for module in modules for _, member in inspect.getmembers(module, inspect.isclass)
             if issubclass(member, WiringRule) and member.id}
    return sorted(found, key=lambda rule: rule.id)


try:
    # cfn-lint finds rules among a module's members.
    globals().update({rule.__name__: rule for rule in all_rules()})
except ModuleNotFoundError as error:  # `python -m tap.wiring` says what to install
    if (error.name or "").partition(".")[0] != CFN_LINT:
        raise
