"""`tap plan --offline`: show what a commit would change in each environment, without AWS or credentials."""

import io
import subprocess
import tarfile
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from tap.cli.app import Project
from tap.deploy import offline
from tap.deploy.models import Environment, InputError, Target
from tap.deploy.parameters import environment_names, load_environment, without_default
from tap.deploy.plan import Plan
from tap.deploy.planning import resolved_for
from tap.deploy.stand_ins import STAND_INS
from tap.deploy.template import Rendered, parsed
from tap.deploy.variables import PARAMETER, changed, object_key
from tap.template.resolve import NOTHING, Resolved

TEMPLATE = "templates/tap.yaml"
MAIN = "origin/main", "main"


def offline_plans(project: Project, names: tuple[str, ...], base: str | None, template: Path | None) -> list[
        tuple[Plan, Rendered]]:
    """Return the plan of each environment, with its template; of all environments if none is named.

    With `template` there is one plan, from template file `base` to `template`. Raises InputError.
    """
    overrides = project.overrides
    if template:
        if not base or names:
            raise click.UsageError("--template FILE requires --base FILE and no environment")
        text = _read(template)
        return [(plan_files(template, Path(base), overrides), Rendered(parsed(text), text))]
    rendered = project.app.template()
    with base_revision(project.root, base) as folder:
        return [(plan_environment(name, project.root, folder, rendered, overrides), rendered)
                for name in names or environment_names(project.root)]


@contextmanager
def base_revision(root: Path, revision: str | None) -> Iterator[Path]:
    """Yield a directory with the project's parameters and template of a revision.

    The default is the merge base with main. Raises InputError if git does not know the revision.
    """
    commit = _merge_base(root) if revision is None else _commit(root, revision)
    archive = _git(root, "archive", commit.decode().strip(), "--", "parameters", TEMPLATE)
    with tempfile.TemporaryDirectory(prefix="tap-base-") as folder:
        with tarfile.open(fileobj=io.BytesIO(archive)) as files:
            files.extractall(folder, filter="data")
        yield Path(folder)


def _commit(root: Path, revision: str) -> bytes:
    try:
        return _git(root, "rev-parse", "--verify", "--end-of-options", f"{revision}^{{commit}}")
    except InputError as error:
        raise InputError(f"cannot compare with {revision}: {error.message}") from None


def _merge_base(root: Path) -> bytes:
    for branch in MAIN:
        try:
            return _git(root, "merge-base", "HEAD", branch)
        except InputError:
            continue
    raise InputError(f"{' and '.join(MAIN)} do not exist here: name the revision to compare with --base REVISION")


def _git(root: Path, *arguments: str) -> bytes:
    try:
        return subprocess.run(  # noqa: S603 (no shell, and git as the user has it)
            ["git", "-C", str(root), *arguments], check=True, capture_output=True).stdout  # noqa: S607
    except OSError as error:
        raise InputError(f"cannot run git, which tap plan --offline requires: {error.strerror}") from None
    except subprocess.CalledProcessError as error:
        reason = error.stderr.decode(errors="replace").strip().partition("\n")[0].removeprefix("fatal: ")
        raise InputError(f"git {arguments[0]}: {reason}") from None


def plan_environment(name: str, root: Path, base: Path, rendered: Rendered, overrides: Mapping[str, str]) -> Plan:
    """Return one environment's plan: its template and parameter file compared with the base's.

    Stand-ins replace values that are still placeholders. Raises InputError.
    """
    env = _load(name, root, rendered.document, overrides)
    before, variables = NOTHING, env.values.variables or {}
    old: Mapping[str, str] = {}
    if (base / "parameters" / f"{name}.json").exists():
        document = parsed(_read(base / TEMPLATE))
        old_env = _load(name, base, document, {})
        before, old = _resolved(old_env, document), old_env.values.variables or {}
    plan = offline.plan(env, before, _resolved(env, rendered.document), rendered.document)
    return replace(plan, variables=changed(old, variables))


def _load(name: str, root: Path, document: Mapping[str, Any], overrides: Mapping[str, str]) -> Environment:
    """Return an environment, with a placeholder for the bucket in the ARN of its environment file."""
    env = load_environment(name, root, document, overrides=overrides, stand_ins=STAND_INS,
                           previous=lambda _: without_default(document))
    if env.values.variables is None:
        return env
    arn = f"arn:aws:s3:::artifact-bucket/{object_key(env.values.variables)}"
    return env.with_parameters({**env.values.parameters, PARAMETER: arn})


def plan_files(template: Path, base: Path, overrides: Mapping[str, str]) -> Plan:
    """Return the plan from one template file to another. Parameters without a value stay unresolved.

    Raises InputError for a file that cannot be parsed or resolved.
    """
    after, before = (_checked(parsed(_read(file)), file) for file in (template, base))
    env = Environment(template.stem, Target(template.stem))
    resolved = [_resolved(_valued(env, document, overrides), document) for document in (before, after)]
    return offline.plan(_valued(env, after, overrides), resolved[0], resolved[1], after)


def _checked(document: Mapping[str, Any], file: Path) -> Mapping[str, Any]:
    resources = document.get("Resources")
    if not isinstance(resources, Mapping):
        raise InputError(f"{file} has no Resources: it is not a template")
    for name, entry in resources.items():
        if not isinstance(entry, Mapping) or not isinstance(entry.get("Type"), str):
            raise InputError(f"{file}: resource {name} has no Type; only AWS knows what a macro or Fn::ForEach creates")
    return document


def _valued(env: Environment, document: Mapping[str, Any], overrides: Mapping[str, str]) -> Environment:
    declared = document.get("Parameters") or {}
    if not isinstance(declared, Mapping):
        raise InputError("the template's Parameters are not a map")
    values = {name: f"${{{name}}}" for name, entry in declared.items()
              if isinstance(entry, Mapping) and "Default" not in entry}
    return env.with_parameters(values | {name: value for name, value in overrides.items() if name in declared})


def _resolved(env: Environment, document: Mapping[str, Any]) -> Resolved:
    try:
        return resolved_for(env, document)
    except ValueError as error:
        raise InputError(f"the template does not resolve for {env.name}: {error}") from None


def _read(file: Path) -> str:
    try:
        return file.read_bytes().decode()
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{file} cannot be read: {getattr(error, 'strerror', None) or 'it is not UTF-8'}") from None
