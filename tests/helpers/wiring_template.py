"""Templates as the rules see them, without what cfn-lint works out about them: that takes long, and no rule uses it."""

from types import SimpleNamespace
from typing import Any


class PlainTemplate:
    """What the rules use of `cfnlint.template.Template`."""

    def __init__(self, template: dict[str, Any], *parameter_sets: dict[str, Any]) -> None:
        self.template = template
        self.regions = ["us-east-1"]
        self.context = SimpleNamespace(
            parameter_sets=[SimpleNamespace(parameters=values) for values in parameter_sets])
