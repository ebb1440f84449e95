"""What a deployed stack cannot change without replacing a resource: logical ids, types and create-only values.

From version 0.1.0 on, an entry of frozen.json stays as it is, because stacks exist that have it. When one must change:

- a logical id: say `tap rename ENV OLD=NEW` in the changelog, and change the entry;
- a create-only value or a type: the resource is replaced in every stack. Say so in the changelog, with what is lost and
  how long it takes, check `tap plan --offline`, and change the entry;
- a resource is gone: say what becomes of it, and remove the entry.

New resources are added by `python tests/test_frozen_ids.py`, which changes no entry that exists.
"""

import json
from pathlib import Path
from typing import Any

import pytest
from stack_view import ALL_ON

from tap.deploy.replacements import value_at
from tap.deploy.resource_types import create_only
from tap.stack import build
from tap.template.resolve import resolve

FILE = Path(__file__).with_name("frozen.json")
# Replaced on purpose: each change of the code or its settings publishes a version, and the older one stays.
REPLACED_ON_PURPOSE = ("AWS::Lambda::Version", "Description")
Frozen = dict[str, dict[str, Any]]


def frozen() -> Frozen:
    """Return type and literal create-only values of each resource, whatever the files of parameters/ switch on."""
    document = build().to_dict()
    found: Frozen = {}
    for settings in (ALL_ON, {**ALL_ON, "DatabaseInstanceClass": "db.serverless"}):
        for title, entry in resolve(document, settings).resources.items():
            properties = entry.get("Properties", {})
            values = {path: value for path in create_only(entry["Type"])
                      if isinstance(value := value_at(properties, path), str | int)
                      and (entry["Type"], path) != REPLACED_ON_PURPOSE and value not in ALL_ON.values()}
            found.setdefault(title, {"Type": entry["Type"], **values})
    return found


@pytest.fixture(scope="module")
def now() -> Frozen:
    return frozen()


def test_nothing_that_a_stack_cannot_change_has_changed(now: Frozen) -> None:
    changed = {title: (entry, now.get(title)) for title, entry in json.loads(FILE.read_text()).items()
               if now.get(title) != entry}
    assert not changed, f"{__doc__}\n{json.dumps(changed, indent=1)}"


def test_every_resource_of_the_template_is_frozen(now: Frozen) -> None:
    assert now.keys() == build().resources.keys()
    missing = now.keys() - json.loads(FILE.read_text()).keys()
    assert not missing, f"run: python tests/test_frozen_ids.py ({', '.join(sorted(missing))})"


def test_a_new_version_of_the_function_is_not_a_change(now: Frozen) -> None:
    assert now["ValidationVersion"] == {"Type": "AWS::Lambda::Version"}


@pytest.mark.parametrize(("title", "path"), [("Vpc", "CidrBlock"), ("TargetGroup", "Port")])
def test_values_that_replace_a_resource_are_among_them(title: str, path: str) -> None:
    assert path in json.loads(FILE.read_text())[title]


if __name__ == "__main__":
    known = json.loads(FILE.read_text()) if FILE.exists() else {}
    FILE.write_text(json.dumps({**frozen(), **known}, indent=1, sort_keys=True) + "\n")
