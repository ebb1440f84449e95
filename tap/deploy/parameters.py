"""Read an environment from `parameters/` and check it against the template, before any request to AWS."""

import contextlib
import json
import os
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from tap.deploy import constraints, policies, rules, tables
from tap.deploy.files import joined, read_json
from tap.deploy.models import Environment, InputError, Problem, Values
from tap.deploy.targets import read_target
from tap.deploy.variables import with_variables
from tap.template.resolve import as_text

# https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/continuous-delivery-codepipeline-cfn-artifacts.html
_SECTIONS = ("Parameters", "Tags", "StackPolicy")


def environment_names(root: Path) -> list[str]:
    """Return the names of the environments, one for each `parameters/<name>.json`. Raises InputError."""
    folder = root / "parameters"
    if not os.access(folder / ".", os.R_OK | os.X_OK):
        raise InputError(f"there is no parameters/ in {root.resolve()} that can be read: run tap in the project's "
                         "directory, or use --root")
    return sorted(path.stem for path in folder.glob("*.json"))


@dataclass(frozen=True)
class _Draft:
    """An environment as read from its files, not yet checked against the template."""

    env: Environment
    file: str
    names: tuple[str, ...]  # of all parameters in the file
    problems: list[Problem]  # with the file's structure


def read_environment(name: str, root: Path, template: Mapping[str, Any]) -> Environment:
    """Read an environment, checking only that parameter values are text. Raises InputError."""
    draft = _draft(name, root, template, {}, {})
    if draft.problems:
        raise InputError(joined(draft.file, list(map(str, draft.problems))))
    return draft.env


def load_environment(
    name: str,
    root: Path,
    template: Mapping[str, Any],
    *,
    overrides: Mapping[str, str] | None = None,
    stand_ins: Mapping[str, str] | None = None,
    keep: Collection[str] = (),
    previous: Callable[[Environment], Collection[str]] | None = None,
) -> Environment:
    """Read an environment from its files, check its values against the template, and return it.

    `overrides` replace values in the file; `stand_ins` replace only values that are still placeholders
    (`REPLACE-…`). A parameter keeps the value that the stack has where its target or `keep` says so, and where the
    file has none and it has no default; `*` stands for all that the file does not set. What `overrides` has is not
    kept. `previous`, called only where there is such a
    parameter, returns the names of those that the stack has a value of. Raises InputError, which names every problem
    at once.
    """
    draft = _draft(name, root, template, overrides or {}, stand_ins or {})
    env = with_variables(draft.env, root, template)
    names = dict.fromkeys([*env.values.parameters, *draft.names])
    declarations = template.get("Parameters", {})
    wanted = {*env.target.keep, *keep}
    without = {name for name in (declarations if "*" in wanted else without_default(template)) if name not in names}
    kept = without.union(wanted).difference(overrides or ())
    if kept and previous:
        env = _keeping(env, kept.intersection(previous(env)))
    problems = [*draft.problems, *_policy_problems(env, template),
                *_unknown_kept(declarations, env.target.keep, "keep in parameters/targets.toml"),
                *_unknown_kept(declarations, keep, "given with --keep"),
                *parameter_problems(template, env.values.parameters, draft.file, draft.names, env.values.previous),
                *_other_name(env, template)]
    if problems:
        raise InputError(env.masked(joined(draft.file, [
            f"{problem} (given with --parameter)" if problem.parameter in env.values.overridden else str(problem)
            for problem in problems])))
    return env


def without_default(template: Mapping[str, Any]) -> list[str]:
    """Return the names of the parameters without a default in the template."""
    return [name for name, declaration in template.get("Parameters", {}).items() if "Default" not in declaration]


def _unknown_kept(declarations: Mapping[str, Any], kept: Collection[str], source: str) -> list[Problem]:
    unknown = constraints.unknown(declarations, sorted(name for name in kept if name != "*"))
    return [Problem(f"{problem} ({source})") for problem in unknown]


def _keeping(env: Environment, kept: Collection[str]) -> Environment:
    parameters = {name: value for name, value in env.values.parameters.items() if name not in kept}
    return replace(env, values=replace(env.values, parameters=parameters, previous=frozenset(kept)))


def _draft(name: str, root: Path, template: Mapping[str, Any], overrides: Mapping[str, str],
           stand_ins: Mapping[str, str]) -> _Draft:
    known = _known(name, root)
    file = f"parameters/{name}.json"
    sections = read_sections(root, file)
    declarations: Mapping[str, Any] = template.get("Parameters", {})
    parameters = {**_texts(sections, "Parameters"), **overrides}
    if "Environment" in declarations and "Environment" not in sections.get("Parameters", {}):
        parameters.setdefault("Environment", name)
    parameters |= {parameter: value for parameter, value in stand_ins.items()
                   if parameters.get(parameter, "").startswith(constraints.PLACEHOLDER)}
    policy = sections.get("StackPolicy")
    target = read_target(root, name, known)
    values = Values(
        parameters, {**target.tags, **_texts(sections, "Tags")}, json.dumps(policy) if policy else None,
        overridden=frozenset(overrides), hidden=_hidden(declarations, _texts(sections, "Parameters"), overrides),
        secrets=frozenset(key for key, declaration in declarations.items() if constraints.is_no_echo(declaration)))
    return _Draft(Environment(name, target, values), file,
                  tuple(sections.get("Parameters", {})), _shape_problems(sections, declarations))


def load_target(name: str, root: Path, declarations: Mapping[str, Any] | None = None,
                overrides: Mapping[str, str] | None = None) -> Environment:
    """Return environment `name` with its target, without checking parameters. Raises InputError.

    It still knows which values to mask: those of the NoEcho parameters among the template's `declarations`,
    or of all parameters without a template.
    """
    target = read_target(root, name, _known(name, root))
    texts: dict[str, str] = {}
    with contextlib.suppress(InputError):
        texts = {key: str(value) for key, value in read_sections(root, f"parameters/{name}.json").get(
            "Parameters", {}).items()}
    sources = texts, overrides or {}
    if declarations is None:
        declarations = {key: {"NoEcho": True, "Type": "CommaDelimitedList"} for source in sources for key in source}
    return Environment(name, target, Values(hidden=_hidden(declarations, *sources)))


def _hidden(declarations: Mapping[str, Any], *sources: Mapping[str, str]) -> tuple[str, ...]:
    """Return the values of NoEcho parameters, and the items of those that are lists."""
    texts: list[str] = []
    for name, declaration in declarations.items():
        if constraints.is_no_echo(declaration):
            values = [source[name] for source in sources
                      if name in source and not source[name].startswith(constraints.PLACEHOLDER)]
            texts += values
            texts += [item for value in values if constraints.is_list(declaration) for item in constraints.items(value)]
    return tuple(texts)


def _known(name: str, root: Path) -> list[str]:
    names = environment_names(root)
    if name not in names:
        existing = ", ".join(names) or "none"
        hint = constraints.did_you_mean(name, names)
        raise InputError(f"environment {name} does not exist{hint or ':'} parameters/ has {existing}")
    return names


def parameter_problems(
    template: Mapping[str, Any],
    values: Mapping[str, str],
    file: str,
    named: Collection[str] = (),
    kept: Collection[str] = (),
) -> list[Problem]:
    """Return the problems with parameter values; `file` is where to correct them.

    `named` are parameters of the file, of which those without a value have a problem of their own already; `kept`
    are those that keep the value that the stack has.
    """
    declarations: Mapping[str, Any] = template.get("Parameters", {})
    names = [*values, *(name for name in named if name not in values)]
    problems = constraints.unknown(declarations, names) + constraints.missing(declarations, [*names, *kept], file)
    settled = {}
    for name, value in values.items():
        if name not in declarations:
            continue
        if text := constraints.violation(name, value, declarations[name], file):
            problems.append(Problem(text, name))
        if not value.startswith(constraints.PLACEHOLDER) and not constraints.is_unchecked(value):
            settled[name] = value
    # A parameter without a known value must not count as its default.
    unsettled = [name for name in [*names, *kept] if name not in settled]
    problems += _crossed(declarations, {**_defaults(declarations, unsettled), **settled})
    return problems + list(map(Problem, rules.violations(_without_defaults(template, unsettled), settled)))


def _policy_problems(env: Environment, template: Mapping[str, Any]) -> list[Problem]:
    policy = env.values.stack_policy
    return list(map(Problem, policies.problems(json.loads(policy), template.get("Resources", {})))) if policy else []


def _other_name(env: Environment, template: Mapping[str, Any]) -> list[Problem]:
    """Return a problem if the file has another environment's name, as after copying: export names contain it."""
    value = env.values.parameters.get("Environment", env.name)
    if value == env.name or "Environment" not in template.get("Parameters", {}):
        return []
    return [Problem(f"Environment is {value}, not {env.name}: remove it, or set it to {env.name}", "Environment")]


def _defaults(declarations: Mapping[str, Any], unsettled: Collection[str]) -> dict[str, str]:
    return {name: as_text(declaration["Default"]) for name, declaration in declarations.items()
            if "Default" in declaration and name not in unsettled}


def _crossed(declarations: Mapping[str, Any], values: Mapping[str, str]) -> list[Problem]:
    """Return a problem for each Min… parameter above its Max… one: a template's Rules cannot compare numbers."""
    problems = []
    for low in declarations:
        high = low.replace("Min", "Max")
        try:
            crossed = high != low and float(values[low]) > float(values[high])
        except (KeyError, ValueError):
            continue  # not a pair, or reported already
        if crossed:
            problems.append(Problem(f"{low} is {values[low]}, which is more than {high}, {values[high]}: "
                                    "change one of them", low))
    return problems


def _without_defaults(template: Mapping[str, Any], names: list[str]) -> Mapping[str, Any]:
    declarations = {
        name: {key: value for key, value in declaration.items() if key != "Default" or name not in names}
        for name, declaration in template.get("Parameters", {}).items()
    }
    return {**template, "Parameters": declarations}


def _texts(sections: Mapping[str, Any], section: str) -> dict[str, str]:
    return {key: value for key, value in sections.get(section, {}).items() if isinstance(value, str)}


def _shape_problems(sections: Mapping[str, Any], declarations: Mapping[str, Any]) -> list[Problem]:
    problems = []
    for section, prefix in (("Parameters", ""), ("Tags", "tag ")):
        for key, value in sections.get(section, {}).items():
            if isinstance(value, str):
                continue
            secret = section == "Parameters" and constraints.is_no_echo(declarations.get(key, {}))
            if isinstance(value, bool | int | float) and not secret:
                text = json.dumps(value)
                text = f'{prefix}{key} must be text: write "{text}", not {text}'
            else:
                text = f"{prefix}{key} must be text: put its value in quotes"
            problems.append(Problem(text, key if section == "Parameters" else None))
    return problems + list(map(Problem, tables.tag_problems(_texts(sections, "Tags"))))


def read_sections(root: Path, file: str) -> dict[str, Any]:
    """Return the sections of a parameter file, each an object. Raises InputError."""
    sections = read_json(root, file)
    shape = '{"Parameters": {}, "Tags": {}, "StackPolicy": {}}'
    if not isinstance(sections, dict):
        raise InputError(f"{file} must have this shape: {shape}")
    for section, content in sections.items():
        if section not in _SECTIONS:
            hint = constraints.did_you_mean(section, _SECTIONS)
            raise InputError(f"{file}: {section} is not a section of this "
                             f"file{hint or f', which has the form {shape}'}")
        if not isinstance(content, dict):
            raise InputError(f"{file}: {section} must be an object, as in {shape}")
    return sections
