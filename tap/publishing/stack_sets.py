"""Compare a stack set with its settings, and plan the requests that update it.

CloudFormation goes through accounts and regions; here a request is made for all that are to be treated alike.
https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/stacksets-concepts.html
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tap.deploy.aws import Call
from tap.deploy.models import CallFailed, Change, ChangeSet
from tap.deploy.stacks import pages
from tap.deploy.template import Rendered, fingerprint, parsed
from tap.publishing.fleet_settings import SERVICE, Fleet
from tap.template.resolve import MASK, as_text

Cell = tuple[str, str]  # account or organizational unit, and region


@dataclass(frozen=True)
class Instance:
    """One stack of the set (API type StackInstanceSummary)."""

    account: str
    region: str
    status: str  # CURRENT, OUTDATED, INOPERABLE
    detailed: str  # PENDING, RUNNING, SUCCEEDED, FAILED, CANCELLED, INOPERABLE, …
    unit: str = ""  # the organizational unit that it belongs to
    reason: str = ""
    drift: str = "NOT_CHECKED"
    overrides: Mapping[str, str] = field(default_factory=dict, repr=False)


@dataclass(frozen=True)
class StackSet:
    """A stack set as CloudFormation describes it (API type StackSet), with its stacks."""

    description: Mapping[str, Any]
    instances: tuple[Instance, ...] = ()


@dataclass(frozen=True)
class Step:
    """One request: a CloudFormation operation, its arguments, and its description."""

    method: str
    request: Mapping[str, Any]
    told: str


@dataclass(frozen=True)
class Plan:
    """The changes to a stack set."""

    steps: tuple[Step, ...]
    changes: tuple[str, ...] = ()  # reasons for an update, one per line
    removals: ChangeSet = field(default_factory=lambda: ChangeSet("", "", "UPDATE", ""))  # from every stack
    strays: tuple[Instance, ...] = ()  # stacks that are in the set but not in the file

    @property
    def empty(self) -> bool:
        """Whether there is nothing to do."""
        return not self.steps


def look(call: Call, fleet: Fleet, *, overrides: bool = False) -> StackSet | None:
    """Return the stack set with its instances, or None if it does not exist.

    The values that an instance has of its own are there only with `overrides`: the API tells them one at a time.
    """
    about = {"StackSetName": fleet.name, "CallAs": fleet.call_as}
    try:
        description = call("describe_stack_set", **about)["StackSet"]
    except CallFailed as error:
        if error.code == "StackSetNotFoundException":
            return None
        raise
    instances = [_instance(instance) for instance in pages(call, "list_stack_instances", "Summaries", **about)]
    if overrides:
        instances = [_with_overrides(call, about, instance) for instance in instances]
    return StackSet(description, tuple(instances))


def plan_stack_set(fleet: Fleet, rendered: Rendered, template: Mapping[str, str], current: StackSet | None) -> Plan:
    """Return the plan of requests, in order, that bring a stack set to the fleet's settings.

    `template` is TemplateBody or TemplateURL. Nothing is ever taken out of the set.
    """
    about = {"StackSetName": fleet.name, "CallAs": fleet.call_as}
    whole = {**about, **template, "Capabilities": list(fleet.env.target.capabilities),
             "Parameters": _parameters(fleet.env.values.parameters), "Tags": _tags(fleet.env.values.tags),
             "PermissionModel": fleet.permission_model, **_roles(fleet), **_auto_deployment(fleet)}
    operation = {**about, "OperationPreferences": fleet.preferences}
    wanted = _cells(fleet)
    if current is None:
        return Plan((Step("create_stack_set", whole, f"create stack set {fleet.name}"),
                     *_steps("create_stack_instances", operation, fleet, wanted)))
    changes = list(_changes(fleet, rendered, current))
    steps = []
    if changes:
        request = {**whole, "OperationPreferences": fleet.preferences}
        steps.append(Step("update_stack_set", request, f"bring stack set {fleet.name} and its stacks up to date"))
    there = {_cell_of(fleet, instance) for instance in current.instances}
    differing = {cell: wanted[cell] for instance in current.instances if (cell := _cell_of(fleet, instance)) in wanted
                 and dict(wanted[cell]) != dict(instance.overrides)}
    missing = {cell: values for cell, values in wanted.items() if cell not in there}
    steps += _steps("update_stack_instances", operation, fleet, differing)
    steps += _steps("create_stack_instances", operation, fleet, missing)
    strays = tuple(instance for instance in current.instances if _cell_of(fleet, instance) not in wanted)
    return Plan(tuple(steps), tuple(changes), _removals(rendered, current), strays)


def _cells(fleet: Fleet) -> dict[Cell, Mapping[str, str]]:
    """Return the parameter overrides of each account or unit in each region.

    Of the accounts in organizational units, only those that have values of their own are told apart.
    """
    targets: Iterable[str] = fleet.accounts
    if fleet.permission_model == SERVICE:
        named = dict.fromkeys(account for override in fleet.overrides for account in override.accounts)
        targets = [*fleet.organizational_units, *named]
    return {(target, region): fleet.overridden(target, region) for target in targets for region in fleet.regions}


def _cell_of(fleet: Fleet, instance: Instance) -> Cell:
    if fleet.permission_model != SERVICE or any(instance.account in one.accounts for one in fleet.overrides):
        return (instance.account, instance.region)
    return (instance.unit, instance.region)


def _steps(method: str, operation: Mapping[str, Any], fleet: Fleet, cells: Mapping[Cell, Mapping[str, str]]) -> list[
        Step]:
    """Return as few requests as possible: one for all cells with the same values that a request can express."""
    by_region: dict[tuple[str, tuple[tuple[str, str], ...]], list[str]] = {}
    for (target, region), overrides in cells.items():
        by_region.setdefault((region, tuple(sorted(overrides.items()))), []).append(target)
    alike: dict[tuple[tuple[str, ...], tuple[tuple[str, str], ...]], list[str]] = {}
    for (region, values), targets in by_region.items():
        alike.setdefault((tuple(targets), values), []).append(region)
    verb = "create stacks in" if method == "create_stack_instances" else "update parameter overrides of the stacks in"
    steps = []
    for (names, values), regions in alike.items():
        request = {**operation, **_targets(fleet, names), "Regions": regions}
        # An empty list resets parameters to the stack set's values; without a list, they stay unchanged.
        if values or method == "update_stack_instances":
            request["ParameterOverrides"] = _parameters(dict(values))
        own = f", with overrides for {', '.join(key for key, _ in values)}" if values else ""
        steps.append(Step(method, request, f"{verb} {', '.join(names)} in {', '.join(regions)}{own}"))
    return steps


def _targets(fleet: Fleet, names: Sequence[str]) -> dict[str, Any]:
    """Return accounts unchanged, and units without the accounts that have their own request."""
    if fleet.permission_model != SERVICE:
        return {"Accounts": list(names)}
    units = [name for name in names if not name.isdigit()]
    accounts = [name for name in names if name.isdigit()]
    if not units:
        return {"DeploymentTargets": {"OrganizationalUnitIds": list(fleet.organizational_units), "Accounts": accounts,
                                      "AccountFilterType": "INTERSECTION"}}
    apart = sorted({account for override in fleet.overrides for account in override.accounts} - set(accounts))
    if not apart:
        return {"DeploymentTargets": {"OrganizationalUnitIds": units}}
    return {"DeploymentTargets": {"OrganizationalUnitIds": units, "Accounts": apart,
                                  "AccountFilterType": "DIFFERENCE"}}


def _changes(fleet: Fleet, rendered: Rendered, current: StackSet) -> Iterable[str]:
    """Yield the reasons why a stack set must be updated, one per line."""
    about = current.description
    old, new = parsed(about["TemplateBody"]), parsed(rendered.text)
    if fingerprint(old) != fingerprint(new):
        before, after = old.get("Resources", {}), new.get("Resources", {})
        for word, names in (("adds", after.keys() - before.keys()), ("removes", before.keys() - after.keys()),
                            ("changes", {name for name in before.keys() & after.keys()
                                         if before[name] != after[name]})):
            if names:
                yield f"template: {word} {', '.join(sorted(names))}"
        if before == after:
            yield "template: changes outside of resources"
    current_values = {parameter["ParameterKey"]: parameter.get("ParameterValue", "")
                      for parameter in about.get("Parameters", ())}
    defaults = {key: as_text(parameter["Default"]) for key, parameter in rendered.document.get("Parameters", {}).items()
                if "Default" in parameter}
    for key, value in {**defaults, **fleet.env.values.parameters}.items():
        was = current_values.get(key, defaults.get(key, ""))
        if was not in (value, MASK):
            shown = (MASK, MASK) if key in fleet.env.values.secrets else (was, value)
            yield f"parameter {key}: {shown[0] or '(none)'} → {shown[1] or '(none)'}"
    if {tag["Key"]: tag["Value"] for tag in about.get("Tags", ())} != dict(fleet.env.values.tags):
        yield "tags"
    for key, wanted in (*_roles(fleet).items(), *_auto_deployment(fleet).items()):
        if about.get(key) != wanted:
            yield key
    behind = [instance for instance in current.instances if instance.status == "OUTDATED"]
    if behind:
        places = ", ".join(f"{instance.account} in {instance.region}" for instance in behind)
        yield f"{len(behind)} stacks are outdated: {places}"


def _removals(rendered: Rendered, current: StackSet) -> ChangeSet:
    """Return the resources that the template no longer contains, as changes for the guard."""
    before, after = parsed(current.description["TemplateBody"])["Resources"], rendered.document["Resources"]
    gone = [name for name, resource in before.items() if name not in after or after[name]["Type"] != resource["Type"]]
    return ChangeSet("", "", "UPDATE", "", tuple(
        Change("Remove", name, None, before[name]["Type"], None,
               policy_action="Retain" if before[name].get("DeletionPolicy", "").startswith("Retain")
               else before[name].get("DeletionPolicy")) for name in gone))


def _parameters(values: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"ParameterKey": key, "ParameterValue": value} for key, value in values.items()]


def _tags(values: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"Key": key, "Value": value} for key, value in values.items()]


def _roles(fleet: Fleet) -> dict[str, Any]:
    roles = {"AdministrationRoleARN": fleet.administration_role_arn, "ExecutionRoleName": fleet.execution_role_name}
    return {key: value for key, value in roles.items() if value}


def _auto_deployment(fleet: Fleet) -> dict[str, Any]:
    if fleet.permission_model != SERVICE:
        return {}
    settings = {"Enabled": fleet.auto_deployment}
    # API type AutoDeployment: allowed only if it is enabled.
    return {"AutoDeployment": settings | ({"RetainStacksOnAccountRemoval": fleet.retain_stacks_on_account_removal}
                                          if fleet.auto_deployment else {})}


def _instance(summary: Mapping[str, Any]) -> Instance:
    return Instance(
        account=summary["Account"], region=summary["Region"], status=summary["Status"],
        detailed=summary.get("StackInstanceStatus", {}).get("DetailedStatus", ""),
        unit=summary.get("OrganizationalUnitId", ""), reason=" ".join(summary.get("StatusReason", "").split()),
        drift=summary.get("DriftStatus", "NOT_CHECKED"))


def _with_overrides(call: Call, about: Mapping[str, Any], instance: Instance) -> Instance:
    answer = call("describe_stack_instance", **about, StackInstanceAccount=instance.account,
                  StackInstanceRegion=instance.region)["StackInstance"]
    own = {one["ParameterKey"]: one.get("ParameterValue", "") for one in answer.get("ParameterOverrides", ())}
    return Instance(**{**vars(instance), "overrides": own})
