"""The files of a new environment, copied from another's."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tap.deploy.constraints import violation
from tap.deploy.edits import replace_file, with_parameter
from tap.deploy.files import read, read_toml
from tap.deploy.models import InputError
from tap.deploy.parameters import load_target, read_sections
from tap.deploy.targets import FILE

_DEFAULT = "default"
_ANY = {"Type": "String", "AllowedPattern": "[a-z][a-z0-9-]*"}  # where a template says nothing of names


def create_environment(name: str, like: str, root: Path, template: Mapping[str, Any]) -> list[str]:
    """Write the parameter file and the target of environment `name`, copied from those of `like`.

    Return a line for each file written. The name of the stack is the environment's own, everything else is `like`'s.
    Raises InputError where `name` cannot be an environment or anything of it exists; nothing is written then.
    """
    load_target(like, root)
    file, source = f"parameters/{name}.json", f"parameters/{like}.json"
    if problem := violation("Environment", name, template.get("Parameters", {}).get("Environment", _ANY), file):
        raise InputError(problem)
    if name == _DEFAULT:
        raise InputError(f"[{_DEFAULT}] in {FILE} applies to every environment: choose another name")
    text = read(root, source)
    if "Environment" in read_sections(root, source).get("Parameters", {}):
        text = with_parameter(text, "Environment", name)
    tables = read_toml(root, FILE)
    for destination, exists in ((file, os.path.lexists(root / file)), (f"[{name}] in {FILE}", name in tables)):
        if exists:
            raise InputError(f"{destination} already exists: remove it, or choose another name than {name}")
    target = _target(root, name, tables.get(like, {}))
    try:
        # The target last: a table without a parameter file is an error of every command.
        replace_file(root / file, text)
        replace_file(root / FILE, target)
    except OSError as error:
        (root / file).unlink(missing_ok=True)
        raise InputError(f"parameters/ cannot be written: {error.strerror or error}; nothing was created") from None
    return [file, f"{FILE}: [{name}]"]


def _target(root: Path, name: str, settings: Mapping[str, Any]) -> str:
    """Return the text of targets.toml with a table more. What is written before it stays as it is."""
    import tomlkit  # slow to import, and rarely needed

    text = read(root, FILE) if (root / FILE).exists() else ""
    table = tomlkit.dumps({name: {**settings, "stack_name": f"tap-{name}"}})
    return f"{text.rstrip()}\n\n{table}".lstrip()
