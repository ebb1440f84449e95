"""Shared by the catalog commands: the settings, the committed template, the product."""

import importlib.util
from collections.abc import Sequence

from tap.cli.app import Project
from tap.deploy.cloudformation import CloudFormation
from tap.deploy.models import InputError, Refused
from tap.deploy.template import Rendered, fingerprint, parsed
from tap.publishing.catalog_settings import CATALOG, Catalog
from tap.publishing.worktree import changed_files

TEMPLATE = "templates/tap.yaml"
_MOST_SHOWN = 5


def committed(project: Project) -> Rendered:
    """Return templates/tap.yaml, which is published unchanged because it was reviewed.

    Raises InputError if it differs from the generator's output or does not pass cfn-lint, and Refused if
    anything below the project's directory is not committed.
    """
    if changed := changed_files(project.root):
        raise Refused(f"uncommitted changes: {_some(changed)}. Commit or stash them, since a version must match a "
                      "commit")
    try:
        text = (project.root / TEMPLATE).read_bytes().decode()
    except (OSError, UnicodeDecodeError) as error:
        why = getattr(error, "strerror", None) or "it is not UTF-8 text"
        raise InputError(f"cannot read {TEMPLATE} ({why}): run make template and commit the file") from None
    rendered = Rendered(parsed(text), text)
    if fingerprint(rendered.document) != fingerprint(project.app.template().document):
        raise InputError(f"{TEMPLATE} is out of date: run make template and commit the file")
    if importlib.util.find_spec("cfnlint") is None:
        raise InputError("cfn-lint is not installed, but publishing requires it: pip install -e '.[lint]'")
    if problems := project.app.lint(rendered, ()):
        raise InputError("\n  - ".join(["cfn-lint reports errors in the template:", *problems]))
    return rendered


def product_of(cloud: CloudFormation, settings: Catalog, wanted: str | None) -> str:
    """Return the wanted product's id, or that of the catalog stack's product. Raises InputError."""
    return wanted or output(cloud, settings, "ProductId")


def output(cloud: CloudFormation, settings: Catalog, name: str) -> str:
    """Return an output of the catalog's stack. Raises InputError if it does not exist."""
    outputs = cloud.outputs(settings.env)
    if name not in outputs:
        other = ", or use --product prod-…" if name == "ProductId" else ""
        raise InputError(f"stack {settings.env.stack_name} has no output {name}: run tap catalog deploy, or set "
                         f"another stack_name or region in {CATALOG}{other}")
    return str(outputs[name])


def _some(files: Sequence[str]) -> str:
    rest = len(files) - _MOST_SHOWN
    return ", ".join(files[:_MOST_SHOWN]) + (f" and {rest} more" if rest > 0 else "")
