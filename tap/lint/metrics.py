"""Check that the metrics in dashboards and alarms exist for the resources of each environment."""

import contextlib
from collections.abc import Mapping
from typing import Any

from tap.lint.finding import Finding, Values
from tap.picture.dashboard import alarm_problems, dashboards
from tap.template.resolve import resolve


def metrics(template: Mapping[str, Any], environments: Values) -> list[Finding]:
    """Return findings on metrics of dashboards and alarms, each with its environments."""
    environments_of: dict[tuple[str, str], list[str]] = {}
    for environment, parameters in environments.items():
        with contextlib.suppress(ValueError):  # missing parameters: cloudformation-validate reports them
            resolved = resolve(template, parameters)
            problems = [(dashboard.logical_id, problem) for dashboard in dashboards(resolved)
                        for problem in dashboard.problems]
            problems += [(title, problem) for title, _, problem in (
                line.partition(": ") for line in alarm_problems(resolved))]
            for problem in problems:
                environments_of.setdefault(problem, []).append(environment)
    return [Finding("metrics", "error", "metrics", 1, title, problem, tuple(names))
            for (title, problem), names in environments_of.items()]
