"""An environment, read from `parameters/` and checked against the template before anything is called."""

import json
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tap.deploy import constraints, rules
from tap.deploy.models import Environment, InputError

# https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_CreateChangeSet.html (StackName)
_STACK_NAME = re.compile(r"[a-zA-Z][-a-zA-Z0-9]{0,127}")
# https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/continuous-delivery-codepipeline-cfn-artifacts.html
_SECTIONS = ("Parameters", "Tags", "StackPolicy")
_TARGET_KEYS: Mapping[str, type] = {"stack_name": str, "region": str, "termination_protection": bool}
_DEFAULT = "default"


def environment_names(root: Path) -> list[str]:
    """Return the environments that exist: one for each `parameters/<name>.json`. Raises InputError."""
    folder = root / "parameters"
    if not folder.is_dir():
        raise InputError(
            f"there is no parameters/ in {root.resolve()}: run tap in the project's directory, or give --root"
        )
    return sorted(path.stem for path in folder.glob("*.json"))


def load_environment(
    name: str,
    root: Path,
    template: Mapping[str, Any],
    overrides: Mapping[str, str] | None = None,
    stand_ins: Mapping[str, str] | None = None,
) -> Environment:
    """Read `parameters/<name>.json` and `parameters/targets.toml`, and check the values against the template.

    `template` is the template as a dictionary. `overrides` take the place of values of the file;
    `stand_ins` take the place of values that are still placeholders (`REPLACE-…`), and of no others.
    Raises InputError, which names every problem at once.
    """
    names = environment_names(root)
    if name not in names:
        existing = ", ".join(names) or "none"
        hint = constraints.did_you_mean(name, names)
        raise InputError(f"there is no environment {name}{hint or ':'} parameters/ has {existing}")
    file = f"parameters/{name}.json"
    sections = _read_json(root, file)
    target = _target(root, name, names)

    declarations: Mapping[str, Any] = template.get("Parameters", {})
    problems = _shape_problems(sections, declarations)
    given = {**_texts(sections, "Parameters"), **(overrides or {})}
    if "Environment" in declarations and "Environment" not in sections.get("Parameters", {}):
        given.setdefault("Environment", name)
    for parameter, value in (stand_ins or {}).items():
        if given.get(parameter, "").startswith(constraints.PLACEHOLDER):
            given[parameter] = value
    problems += parameter_problems(template, given, file, mistyped=sections.get("Parameters", {}))
    if problems:
        raise InputError(_joined(file, problems))

    policy = sections.get("StackPolicy")
    return Environment(
        name=name,
        stack_name=target.get("stack_name", f"tap-{name}"),
        region=target.get("region"),
        parameters=given,
        tags=_texts(sections, "Tags"),
        stack_policy=json.dumps(policy) if policy else None,
        termination_protection=target.get("termination_protection", False),
    )


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
    return found + rules.violations(_without_defaults(template, unsettled), settled)


def _without_defaults(template: Mapping[str, Any], names: list[str]) -> Mapping[str, Any]:
    declarations = {
        name: {key: value for key, value in declaration.items() if key != "Default" or name not in names}
        for name, declaration in template.get("Parameters", {}).items()
    }
    return {**template, "Parameters": declarations}


def _joined(file: str, problems: list[str]) -> str:
    if len(problems) == 1:
        return f"{file}: {problems[0]}"
    return "\n".join([f"{file}: {len(problems)} problems", *(f"  - {problem}" for problem in problems)])


def _texts(sections: Mapping[str, Any], section: str) -> dict[str, str]:
    return {key: value for key, value in sections.get(section, {}).items() if isinstance(value, str)}


def _shape_problems(sections: Mapping[str, Any], declarations: Mapping[str, Any]) -> list[str]:
    problems = []
    for section in ("Parameters", "Tags"):
        for key, value in sections.get(section, {}).items():
            if isinstance(value, str):
                continue
            secret = section == "Parameters" and constraints.is_no_echo(declarations.get(key, {}))
            if isinstance(value, bool | int | float) and not secret:
                text = json.dumps(value)
                problems.append(f'{key} must be text: write "{text}", not {text}')
            else:
                problems.append(f"{key} must be text: put its value in quotes")
    return problems


def _read_json(root: Path, file: str) -> dict[str, Any]:
    text = _read(root, file)
    try:
        sections = json.loads(text, object_pairs_hook=_once_each)
    except json.JSONDecodeError as error:
        raise InputError(f"{file}:{error.lineno}:{error.colno}: {error.msg}") from None
    except ValueError as error:
        raise InputError(f"{file}: {error}") from None
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


def _once_each(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result: dict[str, Any] = {}
    for key, value in pairs:
        if key in result:
            raise ValueError(f"{key} is there twice: remove one of them")
        result[key] = value
    return result


def _target(root: Path, name: str, names: list[str]) -> dict[str, Any]:
    file = "parameters/targets.toml"
    if not (root / file).exists():
        return {}
    try:
        tables = tomllib.loads(_read(root, file))
    except tomllib.TOMLDecodeError as error:
        raise InputError(_toml_message(file, error)) from None
    problems = []
    for table, settings in tables.items():
        if table != _DEFAULT and table not in names:
            hint = constraints.did_you_mean(table, names) or f": there is no parameters/{table}.json"
            problems.append(f"[{table}] is no environment{hint}")
        elif not isinstance(settings, dict):
            problems.append(f"{table} must be a table: [{table}]")
        else:
            problems += _target_problems(table, settings)
    if problems:
        raise InputError(_joined(file, problems))
    return {**tables.get(_DEFAULT, {}), **tables.get(name, {})}


def _target_problems(table: str, settings: Mapping[str, Any]) -> list[str]:
    problems = []
    for key, value in settings.items():
        if key not in _TARGET_KEYS:
            hint = constraints.did_you_mean(key, _TARGET_KEYS) or f": it may have {', '.join(_TARGET_KEYS)}"
            problems.append(f"[{table}] has an unknown key {key}{hint}")
        elif type(value) is not _TARGET_KEYS[key]:
            wanted = "true or false" if _TARGET_KEYS[key] is bool else "text in quotes"
            problems.append(f"[{table}] {key} must be {wanted}")
        elif key == "stack_name" and table == _DEFAULT:
            problems.append(f"[{_DEFAULT}] must not have stack_name: every environment needs its own")
        elif key == "stack_name" and not _STACK_NAME.fullmatch(str(value)):
            problems.append(
                f'[{table}] stack_name "{value}" must be letters, digits and hyphens, a letter first'
            )
    return problems


def _toml_message(file: str, error: tomllib.TOMLDecodeError) -> str:
    # Python 3.14 has the position in attributes; before that it is in the message alone.
    message = str(error)
    position = re.search(r"^(.*) \(at line (\d+), column (\d+)\)$", message)
    if position:
        return f"{file}:{position[2]}:{position[3]}: {position[1]}"
    return f"{file}: {message}"


def _read(root: Path, file: str) -> str:
    try:
        return (root / file).read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise InputError(f"{file} is not UTF-8 text: save it as UTF-8") from None
    except OSError as error:
        raise InputError(f"{file} cannot be read: {error.strerror}") from None
