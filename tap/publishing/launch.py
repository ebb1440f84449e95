"""Launching the product through a plan: what it would make, then making that.

https://docs.aws.amazon.com/servicecatalog/latest/dg/API_CreateProvisionedProductPlan.html
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from tap.deploy.models import (
    CallFailed,
    Change,
    ChangeSet,
    Detail,
    InputError,
    LeftRunning,
    NeedsRecovery,
    Refused,
    StackFailed,
)
from tap.deploy.stacks import Patience, Sleep, delays
from tap.publishing.provisioned import Provisioned, pages, provisioned

Call = Callable[..., Any]
NOTHING_TO_DO = ("didn't contain changes", "No updates are to be performed")
_TRIES = 5
# Service Catalog writes in capitals what CloudFormation, and the guard, write as words.
_WORDS = {"DELETIONPOLICY": "DeletionPolicy", "UPDATEPOLICY": "UpdatePolicy", "CREATIONPOLICY": "CreationPolicy"}


@dataclass(frozen=True)
class Launch:
    """What is to be launched or updated."""

    product_id: str
    version_id: str
    name: str  # of the provisioned product
    parameters: Mapping[str, str]
    tags: Mapping[str, str]
    path_id: str | None = None


class Launcher:
    """Plans and launches. Every method may raise CallFailed."""

    def __init__(self, call: Call, sleep: Sleep, unique: Callable[[], str], clock: Callable[[], float]) -> None:
        """Take what makes a request of Service Catalog, how to wait, what makes tokens unique, and a clock."""
        self._call = call
        self._sleep = sleep
        self._unique = unique
        self._clock = clock

    def path(self, product_id: str, wanted: str | None) -> str:
        """Return the launch path to take. Raises Refused where there is none, InputError where there are many."""
        found = {each["Id"]: each.get("Name", "") for each in pages(
            self._call, "list_launch_paths", "LaunchPathSummaries", ProductId=product_id)}
        if wanted in found:
            return str(wanted)
        if not found:
            raise Refused("no portfolio gives you this product: ask its owners for access (EndUserRole)")
        if wanted or len(found) > 1:
            paths = ", ".join(f"{id_} ({name})" for id_, name in found.items())
            raise InputError(f"choose one of the product's paths with --path: {paths}")
        return str(next(iter(found)))

    def plan(self, launch: Launch) -> ChangeSet:
        """Make a plan and return it whole; its `empty` says that there is nothing to do. Changes no resource.

        Raises InputError where the plan is refused; LeftRunning and NeedsRecovery where the provisioned product
        can take none. An error leaves no plan behind.
        """
        there = next((each for each in provisioned(self._call, launch.product_id) if each.name == launch.name), None)
        if there and (obstacle := _obstacle(there)):
            raise obstacle
        kind = "UPDATE" if there else "CREATE"
        token = f"tap-{self._unique()}"
        try:
            answer = self._ask("create_provisioned_product_plan", PlanName=token, PlanType="CLOUDFORMATION",
                               ProductId=launch.product_id, ProvisioningArtifactId=launch.version_id,
                               ProvisionedProductName=launch.name, IdempotencyToken=token,
                               ProvisioningParameters=[{"Key": key, "Value": value}
                                                       for key, value in launch.parameters.items()],
                               Tags=[{"Key": key, "Value": value} for key, value in launch.tags.items()],
                               **({"PathId": launch.path_id} if launch.path_id else {}))
        except KeyboardInterrupt as error:
            error.add_note(f"plan {token} may be left behind: delete it in the Service Catalog console")
            raise
        try:
            return self._described(answer["PlanId"], token, kind)
        except BaseException as error:
            self._discard_after(error, answer["PlanId"])
            raise

    def discard(self, plan: ChangeSet) -> None:
        """Delete a plan that is not going to be executed; otherwise the product can have no other."""
        try:
            self._ask("delete_provisioned_product_plan", PlanId=plan.id)
        except (CallFailed, KeyboardInterrupt) as error:
            # Where it is not found, an earlier try did it, and its answer was lost.
            if not (isinstance(error, CallFailed) and error.code == "ResourceNotFoundException"):
                error.add_note(_left_behind(plan.id))
                raise

    def execute(self, plan: ChangeSet) -> dict[str, str]:
        """Execute a plan, return when the product is as planned, with its outputs by name.

        Raises StackFailed where it is not, a TAINTED product among them, LeftRunning once nobody watches.
        """
        try:
            answer = self._ask("execute_provisioned_product_plan", PlanId=plan.id, IdempotencyToken=plan.name)
        except CallFailed as error:
            # Where the answer was lost, a further try may be refused although the plan runs.
            if not self._runs(plan, error):
                self._discard_after(error, plan.id)
                raise
            raise LeftRunning(f"plan {plan.name} runs, but its record is not known: tap catalog status") from None
        except KeyboardInterrupt:
            left = LeftRunning("interrupted. Service Catalog may go on by itself: tap catalog status")
            left.add_note(_left_behind(plan.id))
            raise left from None
        return self._finished(answer["RecordDetail"]["RecordId"])

    def _finished(self, record_id: str) -> dict[str, str]:
        patience = Patience(self._clock)
        pauses = delays()
        try:
            while True:
                try:
                    record = self._call("describe_record", Id=record_id)
                    patience.heard()
                except CallFailed as error:
                    if patience.ends(error):
                        raise LeftRunning(f"{error.message}. Service Catalog goes on by itself: "
                                          "tap catalog status") from None
                    record = {"RecordDetail": {"Status": "IN_PROGRESS"}}
                detail = record["RecordDetail"]
                if detail["Status"] in ("SUCCEEDED", "FAILED"):
                    break
                self._sleep(next(pauses))
        except KeyboardInterrupt:
            raise LeftRunning("interrupted. Service Catalog goes on by itself: tap catalog status") from None
        if detail["Status"] == "FAILED":
            why = "; ".join(" ".join(each.get("Description", "").split()) for each in detail.get("RecordErrors", []))
            raise StackFailed(f"{detail.get('ProvisionedProductName')} failed: {why or 'no reason is given'}")
        there = next((each for each in provisioned(self._call, detail["ProductId"])
                      if each.id == detail["ProvisionedProductId"]), None)
        if there and there.failed:
            raise StackFailed(f"{there.name} is {there.status}, not what was asked for: {there.message}")
        return {each["OutputKey"]: each.get("OutputValue", "") for each in pages(
            self._call, "describe_record", "RecordOutputs", Id=record_id)}

    def _described(self, plan_id: str, name: str, kind: str) -> ChangeSet:
        pauses = delays()
        while (status := self._status(plan_id)) == "CREATE_IN_PROGRESS":
            self._sleep(next(pauses))
        if status == "CREATE_FAILED":
            detail = self._call("describe_provisioned_product_plan", PlanId=plan_id)["ProvisionedProductPlanDetails"]
            message = " ".join(detail.get("StatusMessage", "").split())
            if any(each in message for each in NOTHING_TO_DO):
                return ChangeSet(plan_id, name, kind, plan_id, empty=True)
            raise InputError(f"Service Catalog cannot plan this: {message or 'it gives no reason'}")
        changes = pages(self._call, "describe_provisioned_product_plan", "ResourceChanges", PlanId=plan_id)
        return ChangeSet(plan_id, name, kind, plan_id, tuple(map(change_of, changes)))

    def _status(self, plan_id: str) -> str:
        detail = self._call("describe_provisioned_product_plan", PlanId=plan_id)["ProvisionedProductPlanDetails"]
        return str(detail["Status"])

    def _ask(self, method: str, **request: Any) -> Any:
        """Make a request again where its answer is lost: the token, or the id, lets it be done once."""
        pauses = delays()
        for _ in range(_TRIES - 1):
            try:
                return self._call(method, **request)
            except CallFailed as error:
                if not error.passing:
                    raise
            self._sleep(next(pauses))
        return self._call(method, **request)

    def _discard_after(self, error: BaseException, plan_id: str) -> None:
        try:
            self._call("delete_provisioned_product_plan", PlanId=plan_id)
        except (CallFailed, KeyboardInterrupt):
            error.add_note(_left_behind(plan_id))

    def _runs(self, plan: ChangeSet, error: CallFailed) -> bool:
        try:
            return self._status(plan.id).startswith("EXECUTE_")
        except CallFailed:
            error.add_note(f"it is not known whether plan {plan.name} runs: tap catalog status")
            raise error from None


def _left_behind(plan_id: str) -> str:
    return (f"plan {plan_id} may be left behind, and there can be no other: "
            f"aws servicecatalog delete-provisioned-product-plan --plan-id {plan_id}")


def change_of(each: Mapping[str, Any]) -> Change:
    """Return a change of a plan (API type ResourceChange of Service Catalog) in CloudFormation's words."""
    def word(value: str | None) -> str | None:
        return _WORDS.get(value, value.capitalize()) if value else None

    details = tuple(Detail(
        str(word(detail.get("Target", {}).get("Attribute"))), detail.get("Target", {}).get("Name"),
        requires_recreation=word(detail.get("Target", {}).get("RequiresRecreation")),
        evaluation=word(detail.get("Evaluation")), cause=detail.get("CausingEntity"))
        for detail in each.get("Details", []))
    return Change(str(word(each["Action"])), each["LogicalResourceId"], each.get("PhysicalResourceId"),
                  each["ResourceType"], word(each.get("Replacement")),
                  tuple(str(word(scope)) for scope in each.get("Scope", [])), details=details)


def _obstacle(there: Provisioned) -> LeftRunning | NeedsRecovery | Refused | None:
    if there.status == "UNDER_CHANGE":
        return LeftRunning(f"{there.name} is being changed: wait until it is done (tap catalog status)")
    if there.status == "PLAN_IN_PROGRESS":
        return Refused(f"{there.name} has a plan already, and may have one at a time: "
                       "execute or delete it in the Service Catalog console")
    if there.status == "ERROR":
        return NeedsRecovery(f"{there.name} is in ERROR, and takes no plan: {there.message or 'no reason is given'}; "
                             "terminate it in the Service Catalog console")
    return None
