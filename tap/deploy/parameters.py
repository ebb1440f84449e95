"""An environment, read from `parameters/` and checked against the template before anything is called."""

import json
import os
from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from tap.deploy import constraints, policies, rules
from tap.deploy.files import joined, read_json
from tap.deploy.models import Environment, InputError
from tap.deploy.targets import read_target

# https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/continuous-delivery-codepipeline-cfn-artifacts.html
_SECTIONS = ("Parameters", "Tags", "StackPolicy")
_LONGEST_KEY, _LONGEST_VALUE = 128, 256  # of a tag


def environment_names(root: Path) -> list[str]:
    """Return the environments that exist: one for each `parameters/<name>.json`. Raises InputError."""
    folder = root / "parameters"
    if not os.access(folder / ".", os.R_OK | os.X_OK):
        raise InputError(f"there is no parameters/ in {root.resolve()} that can be read: run tap in the project's "
                         "directory, or give --root")
    return sorted(path.stem for path in folder.glob("*.json"))


def load_environment(
    name: str,
    root: Path,
    template: Mapping[str, Any],
    overrides: Mapping[str, str] | None = None,
    stand_ins: Mapping[str, str] | None = None,
    previous: Callable[[Environment], Collection[str]] | None = None,
    *,
    check: bool = True,
) -> Environment:
    """Read `parameters/<name>.json` and `parameters/targets.toml`, and check the values against the template.

    `template` is the template as a dictionary. `overrides` take the place of values of the file;
    `stand_ins` take the place of values that are still placeholders (`REPLACE-…`), and of no others.
    `previous`, asked only where a parameter has no value, returns the names of those that the stack has
    a value of, which is then kept. Without `check` the values need not be right, but texts.
    Raises InputError, which names every problem at once.
    """
    names = _known(name, root)
    file = f"parameters/{name}.json"
    sections = read_sections(root, file)
    target = read_target(root, name, names)

    declarations: Mapping[str, Any] = template.get("Parameters", {})
    problems = _shape_problems(sections, declarations)
    given = {**_texts(sections, "Parameters"), **(overrides or {})}
    if "Environment" in declarations and "Environment" not in sections.get("Parameters", {}):
        given.setdefault("Environment", name)
    for parameter, value in (stand_ins or {}).items():
        if given.get(parameter, "").startswith(constraints.PLACEHOLDER):
            given[parameter] = value
    policy = sections.get("StackPolicy")
    env = Environment(
        name=name,
        parameters=given,
        tags=_texts(sections, "Tags"),
        stack_policy=json.dumps(policy) if policy else None,
        secrets=frozenset(key for key, declaration in declarations.items() if constraints.is_no_echo(declaration)),
        overridden=frozenset(overrides or ()),
        **{"stack_name": f"tap-{name}", **target},
    )
    if not check and problems:
        raise InputError(joined(file, problems))
    if not check:
        return env
    problems += policies.problems(policy, template.get("Resources", {})) if policy else []
    problems += parameter_problems(template, given, file, mistyped=sections.get("Parameters", {}))
    problems += _another_name(name, given) if "Environment" in declarations else []
    problems = [f"{each} (given with --parameter)" if each.partition(" ")[0] in (overrides or {}) else each
                for each in problems]
    without = {key for key, declaration in declarations.items()
               if key not in given and key not in sections.get("Parameters", {}) and "Default" not in declaration}
    if without and previous:
        env = replace(env, previous=frozenset(without) & frozenset(previous(env)))
        problems = [each for each in problems if each.partition(" has no value")[0] not in env.previous]
    if problems:
        raise InputError(joined(file, problems))
    return env


def load_target(name: str, root: Path) -> Environment:
    """Return where environment `name` is, without parameters, which need not be right. Raises InputError."""
    names = _known(name, root)
    return Environment(name=name, **{"stack_name": f"tap-{name}", **read_target(root, name, names)})


def _known(name: str, root: Path) -> list[str]:
    names = environment_names(root)
    if name not in names:
        existing = ", ".join(names) or "none"
        hint = constraints.did_you_mean(name, names)
        raise InputError(f"there is no environment {name}{hint or ':'} parameters/ has {existing}")
    return names


def parameter_problems(
    template: Mapping[str, Any],
    given: Mapping[str, str],
    file: str,
    mistyped: Mapping[str, Any] | None = None,
) -> list[str]:
    """Return a line for each thing that is wrong with the values; `file` is where to put them right.

    Names in `mistyped` have a value that is no text and already has its own line.
    """
    declarations: Mapping[str, Any] = template.get("Parameters", {})
    names = [*given, *(name for name in mistyped or {} if name not in given)]
    found = constraints.unknown(declarations, names) + constraints.missing(declarations, names, file)
    settled = {}
    for name, value in given.items():
        if name not in declarations:
            continue
        problem = constraints.violation(name, value, declarations[name], file)
        if problem:
            found.append(problem)
        if not value.startswith(constraints.PLACEHOLDER) and not constraints.is_unchecked(value):
            settled[name] = value
    # A parameter whose value is not settled must not count as its default.
    unsettled = [name for name in names if name not in settled]
    found += _crossed(declarations, {**_defaults(declarations, unsettled), **settled})
    return found + rules.violations(_without_defaults(template, unsettled), settled)


def _another_name(name: str, given: Mapping[str, str]) -> list[str]:
    """Exports and tags carry the environment's name: a copied file must not keep another's."""
    told = given.get("Environment", name)
    return [] if told == name else [f"Environment is {told}, not {name}: leave it out, or make it {name}"]


def _defaults(declarations: Mapping[str, Any], unsettled: Collection[str]) -> dict[str, str]:
    return {name: str(declaration["Default"]) for name, declaration in declarations.items()
            if "Default" in declaration and name not in unsettled}


def _crossed(declarations: Mapping[str, Any], values: Mapping[str, str]) -> list[str]:
    """Return a line for each Min… parameter above its Max…, which a template's Rules cannot compare."""
    found = []
    for least in declarations:
        most = least.replace("Min", "Max")
        try:
            crossed = most != least and float(values[least]) > float(values[most])
        except (KeyError, ValueError):
            continue  # not a pair, or told already
        if crossed:
            found.append(f"{least} is {values[least]}, which is more than {most}, {values[most]}: change one of them")
    return found


def _without_defaults(template: Mapping[str, Any], names: list[str]) -> Mapping[str, Any]:
    declarations = {
        name: {key: value for key, value in declaration.items() if key != "Default" or name not in names}
        for name, declaration in template.get("Parameters", {}).items()
    }
    return {**template, "Parameters": declarations}


def _texts(sections: Mapping[str, Any], section: str) -> dict[str, str]:
    return {key: value for key, value in sections.get(section, {}).items() if isinstance(value, str)}


def _shape_problems(sections: Mapping[str, Any], declarations: Mapping[str, Any]) -> list[str]:
    problems = []
    for section, prefix in (("Parameters", ""), ("Tags", "tag ")):
        for key, value in sections.get(section, {}).items():
            if isinstance(value, str):
                continue
            secret = section == "Parameters" and constraints.is_no_echo(declarations.get(key, {}))
            if isinstance(value, bool | int | float) and not secret:
                text = json.dumps(value)
                problems.append(f'{prefix}{key} must be text: write "{text}", not {text}')
            else:
                problems.append(f"{prefix}{key} must be text: put its value in quotes")
    return problems + _tag_problems(_texts(sections, "Tags"))


def _tag_problems(tags: Mapping[str, str]) -> list[str]:
    """Return a line for each tag that CloudFormation takes from nobody.

    https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_Tag.html
    """
    problems = []
    for key, value in tags.items():
        if key.startswith("aws:"):
            problems.append(f"tag {key} is AWS's own: choose a name without aws:")
        elif not 1 <= len(key) <= _LONGEST_KEY:
            problems.append(f'tag "{key}" must have a name of 1 to {_LONGEST_KEY} characters')
        elif not 1 <= len(value) <= _LONGEST_VALUE:
            problems.append(f"tag {key} must have 1 to {_LONGEST_VALUE} characters")
    return problems


def read_sections(root: Path, file: str) -> dict[str, Any]:
    """Return the sections of a parameter file, each an object. Raises InputError."""
    sections = read_json(root, file)
    shape = '{"Parameters": {}, "Tags": {}, "StackPolicy": {}}'
    if not isinstance(sections, dict):
        raise InputError(f"{file} must have this shape: {shape}")
    for section, content in sections.items():
        if section not in _SECTIONS:
            hint = constraints.did_you_mean(section, _SECTIONS)
            raise InputError(f"{file}: {section} is no section of such a file{hint or f', which is {shape}'}")
        if not isinstance(content, dict):
            raise InputError(f"{file}: {section} must be an object, as in {shape}")
    return sections
