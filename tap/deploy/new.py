"""Create the files of a new environment from an existing one."""

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
_ANY = {"Type": "String", "AllowedPattern": "[a-z][a-z0-9-]*"}  # for a template without a pattern for names


def create_environment(name: str, like: str, root: Path, template: Mapping[str, Any]) -> list[str]:
    """Write the parameter file and the target of environment `name`, copied from those of `like`.

    Return a line for each file written. The stack gets its own name, everything else is copied from `like`.
    Raises InputError, and writes nothing, if `name` is invalid or already has a file or table.
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
        # Write the target last: a table without a parameter file makes every command fail.
        replace_file(root / file, text)
        replace_file(root / FILE, target)
    except OSError as error:
        (root / file).unlink(missing_ok=True)
        raise InputError(f"parameters/ cannot be written: {error.strerror or error}; nothing was created") from None
    return [file, f"{FILE}: [{name}]"]


def _target(root: Path, name: str, settings: Mapping[str, Any]) -> str:
    """Return the text of targets.toml with the new table at the end; the existing text stays unchanged."""
    import tomlkit  # slow to import, and rarely needed

    text = read(root, FILE) if (root / FILE).exists() else ""
    table = tomlkit.dumps({name: {**settings, "stack_name": f"tap-{name}"}})
    return f"{text.rstrip()}\n\n{table}".lstrip()
