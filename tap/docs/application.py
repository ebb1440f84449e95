"""docs/application.md: the container's variables and each role's permissions.

Generated from the template with `python -m tap.docs.application`, so that a diff of the page shows added permissions.
"""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from tap.stack import build

HEAD = """# What the application is given

Written by `make template` from the template. `${Name}` is the value of a parameter, or what a resource is known by;
`${Name.Attribute}` is an attribute of a resource."""


def page(template: Mapping[str, Any]) -> str:
    """Return the page: the container's variables, then the permissions of each role."""
    return "\n".join(_lines(template["Resources"])) + "\n"


def _lines(resources: Mapping[str, Any]) -> Iterator[str]:
    yield HEAD
    seen: set[str] = set()
    for definition in _of_type(resources, "AWS::ECS::TaskDefinition").values():
        for container in definition["ContainerDefinitions"]:
            if container["Name"] in seen:
                continue  # every task has the same variables
            seen.add(container["Name"])
            yield from ("", f"## Variables of {container['Name']}", "", "| variable | value |", "|---|---|")
            for entry in container["Environment"] + container["Secrets"]:
                switch, entry, _ = entry.get("Fn::If", ("", entry, None))
                # The application's own variables come from parameters, as the line below says.
                if isinstance(entry["Name"], str):
                    value = entry.get("Value", entry.get("ValueFrom"))
                    yield (f"| `{entry['Name']}` | {'secret ' if 'ValueFrom' in entry else ''}`{shown(value)}`"
                           f"{f' where {switch}' if switch else ''} |")
            yield from ("", "And those of the file `EnvironmentFileArn`, and the keys `AppSecretKeys` of the secret "
                            "`AppSecretArn`.")
    policies = _of_type(resources, "AWS::IAM::ManagedPolicy")
    for title, role in _of_type(resources, "AWS::IAM::Role").items():
        condition = resources[title].get("Condition")
        yield from ("", f"## {title}" + (f", where {condition}" if condition else ""), "",
                    "| action | resource | condition |", "|---|---|---|")
        for policy in role["ManagedPolicyArns"]:
            if "Ref" not in policy:  # an entry of TaskPolicyArns, unknown to the template
                continue
            for statement in policies[policy["Ref"]]["PolicyDocument"]["Statement"]:
                yield from _permissions(statement)


def _of_type(resources: Mapping[str, Any], kind: str) -> dict[str, Any]:
    return {title: resource["Properties"] for title, resource in resources.items() if resource["Type"] == kind}


def _permissions(statement: Mapping[str, Any]) -> Iterator[str]:
    """Yield a row for each action of a statement."""
    switch, body, _ = statement.get("Fn::If", ("", statement, None))
    conditions = [f"where {switch}"] if switch else []
    conditions += [f"{operator} {key}: `{shown(value)}`"
                   for operator, pairs in body.get("Condition", {}).items() for key, value in pairs.items()]
    denied = "" if body["Effect"] == "Allow" else f"{body['Effect']}: "
    resources = ", ".join(f"`{shown(resource)}`" for resource in _listed(body["Resource"]))
    for action in _listed(body["Action"]):
        yield f"| {denied}`{action}` | {resources} | {', '.join(conditions)} |"


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def shown(value: Any) -> str:
    """Return a value as in `Fn::Sub`; `Fn::If` as both of its values, any other function as JSON."""
    match value:
        case str():
            return value
        case {"Ref": name}:
            return f"${{{name}}}"
        case {"Fn::GetAtt": [name, attribute]}:
            return f"${{{name}.{attribute}}}"
        case {"Fn::Sub": str() as text} | {"Fn::Sub": [str() as text, _]}:
            return text
        case {"Fn::Select": [0, {"Fn::Split": ["/", {"Ref": name}]}]}:
            return f"bucket of ${{{name}}}"
        case {"Fn::If": [condition, yes, no]}:
            return f"{shown(yes)} where {condition}, else {shown(no)}"
        case list():
            return ", ".join(map(shown, value))
    return json.dumps(value)


if __name__ == "__main__":
    print(page(build().to_dict()), end="")
