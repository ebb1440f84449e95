"""Launch the product through a plan: review the changes, then execute them.

https://docs.aws.amazon.com/servicecatalog/latest/dg/API_CreateProvisionedProductPlan.html
"""

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

from tap.deploy.aws import AwsClient
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
from tap.deploy.pending import Pending
from tap.deploy.waiting import poll, send_once, watch
from tap.deploy.wording import reason_of
from tap.publishing.provisioned import Provisioned, pages, provisioned

NOTHING_TO_DO = ("didn't contain changes", "No updates are to be performed")
# Service Catalog uses upper case where CloudFormation, and the guard, use words.
_WORDS = {"DELETIONPOLICY": "DeletionPolicy", "UPDATEPOLICY": "UpdatePolicy", "CREATIONPOLICY": "CreationPolicy"}


@dataclass(frozen=True)
class Launch:
    """A product to launch or update."""

    product_id: str
    version_id: str
    name: str  # name of the provisioned product
    parameters: Mapping[str, str]
    tags: Mapping[str, str]
    path_id: str | None = None
    previous: Collection[str] = ()  # parameters that keep the provisioned product's value


class PendingLaunch(Pending):
    """A Service Catalog plan that has not been executed. While it exists, the product cannot have another one."""

    content: ChangeSet

    def __init__(self, aws: AwsClient, plan_id: str, name: str, kind: str) -> None:
        """Take the caller of AWS, and the plan's id, name and type (CREATE or UPDATE)."""
        self._aws, self._call = aws, aws.service("servicecatalog")
        self._id, self._name, self._kind = plan_id, name, kind

    def describe(self) -> None:
        """Wait until Service Catalog has computed the plan, and read it. Raises InputError if it is rejected."""
        details = poll(self._aws, self._details, lambda details: details["Status"] == "CREATE_IN_PROGRESS")
        self.content = ChangeSet(self._id, self._name, self._kind, self._id)
        if details["Status"] == "CREATE_FAILED":
            message = " ".join(details.get("StatusMessage", "").split())
            if not any(words in message for words in NOTHING_TO_DO):
                raise InputError(f"Service Catalog cannot plan this: {reason_of(message)}")
            self.content = replace(self.content, empty=True)
        else:
            changes = pages(self._call, "describe_provisioned_product_plan", "ResourceChanges", PlanId=self._id)
            self.content = replace(self.content, changes=tuple(map(change_of, changes)))

    def execute(self) -> dict[str, str]:
        """Execute the plan, wait until it completes, and return the outputs by name.

        Raises StackFailed where it is not, a TAINTED product among them, LeftRunning once nobody watches.
        """
        try:
            response = send_once(self._aws, lambda: self._call(
                "execute_provisioned_product_plan", PlanId=self._id, IdempotencyToken=self._name))
        except CallFailed as error:
            # If the response was lost, a retry may be rejected although the plan is running.
            if not self._runs(error):
                raise
            self.keep()
            raise LeftRunning(f"plan {self._name} is running, but its record is unknown. Check it with: tap catalog "
                              "status") from None
        except KeyboardInterrupt:
            self.keep()
            left = _left_running("interrupted")
            left.add_note(self._left_behind(""))
            raise left from None
        self.keep()
        return self._finish(response["RecordDetail"]["RecordId"])

    def _finish(self, record_id: str) -> dict[str, str]:
        def look() -> dict[str, Any] | None:
            detail: dict[str, Any] = self._call("describe_record", Id=record_id)["RecordDetail"]
            return detail if detail["Status"] in ("SUCCEEDED", "FAILED") else None

        detail = watch(self._aws, look, _left_running)
        if detail["Status"] == "FAILED":
            why = "; ".join(" ".join(error.get("Description", "").split()) for error in detail.get("RecordErrors", []))
            raise StackFailed(f"{detail.get('ProvisionedProductName')} failed: {reason_of(why)}")
        product = next((product for product in provisioned(self._call, detail["ProductId"])
                        if product.id == detail["ProvisionedProductId"]), None)
        if product and product.failed:
            raise StackFailed(f"{product.name} is {product.status} and not as planned: {product.message}")
        return {output["OutputKey"]: output.get("OutputValue", "") for output in pages(
            self._call, "describe_record", "RecordOutputs", Id=record_id)}

    def _details(self) -> dict[str, Any]:
        return dict(self._call("describe_provisioned_product_plan", PlanId=self._id)["ProvisionedProductPlanDetails"])

    def _runs(self, refusal: CallFailed) -> bool:
        try:
            return str(self._details()["Status"]).startswith("EXECUTE_")
        except CallFailed:
            self.keep()
            refusal.add_note(f"cannot determine whether plan {self._name} is running. Check it with: tap catalog "
                             "status")
            raise refusal from None

    def _discard(self) -> None:
        try:
            send_once(self._aws, lambda: self._call("delete_provisioned_product_plan", PlanId=self._id))
        except CallFailed as error:
            # If the product does not exist, an earlier attempt succeeded and its response was lost.
            if error.code != "ResourceNotFoundException":
                raise

    def _left_behind(self, why: str) -> str:
        return (f"plan {self._id} may be left behind{f' ({why})' if why else ''}and blocks further plans. Delete it "
                f"with: aws servicecatalog delete-provisioned-product-plan --plan-id {self._id}")


class Launcher:
    """Plans launches of products. Every method may raise CallFailed."""

    def __init__(self, aws: AwsClient) -> None:
        """Take the caller of AWS."""
        self._aws, self._call = aws, aws.service("servicecatalog")

    def path(self, product_id: str, wanted: str | None) -> str:
        """Return the launch path. Raises Refused if there is none, InputError if there are several."""
        names = {path["Id"]: path.get("Name", "") for path in pages(
            self._call, "list_launch_paths", "LaunchPathSummaries", ProductId=product_id)}
        if wanted in names:
            return str(wanted)
        if not names:
            raise Refused("no portfolio gives you access to this product: ask its owners to add your role "
                          "(EndUserRole)")
        if wanted or len(names) > 1:
            paths = ", ".join(f"{path_id} ({name})" for path_id, name in names.items())
            raise InputError(f"the product has several launch paths: choose one with --path: {paths}")
        return str(next(iter(names)))

    def previous(self, product_id: str, name: str, path_id: str | None) -> list[str]:
        """Return the names of a provisioned product's parameters; empty if it does not exist.

        https://docs.aws.amazon.com/servicecatalog/latest/dg/API_DescribeProvisioningParameters.html
        """
        product = self._find(product_id, name)
        if product is None:
            return []
        return [parameter["ParameterKey"] for parameter in self._call(
            "describe_provisioning_parameters", ProductId=product_id, ProvisioningArtifactId=product.version_id,
            PathId=self.path(product_id, path_id))["ProvisioningArtifactParameters"]]

    def _find(self, product_id: str, name: str) -> Provisioned | None:
        return next((product for product in provisioned(self._call, product_id) if product.name == name), None)

    @contextmanager
    def plan(self, launch: Launch) -> Iterator[PendingLaunch]:
        """Create a plan, wait for it and describe it; discard it on exit unless it was executed.

        Raises InputError where the plan is refused; LeftRunning and NeedsRecovery where the provisioned product
        can take none.
        """
        product = self._find(launch.product_id, launch.name)
        if product and (obstacle := _obstacle(product)):
            raise obstacle
        name = f"tap-{self._aws.unique()}"
        try:
            response = send_once(self._aws, lambda: self._create(launch, name))
        except KeyboardInterrupt as error:
            error.add_note(f"plan {name} may still exist: delete it in the Service Catalog console")
            raise
        with PendingLaunch(self._aws, response["PlanId"], name, "UPDATE" if product else "CREATE") as plan:
            plan.describe()
            yield plan

    def _create(self, launch: Launch, name: str) -> Any:
        return self._call(
            "create_provisioned_product_plan", PlanName=name, PlanType="CLOUDFORMATION", ProductId=launch.product_id,
            ProvisioningArtifactId=launch.version_id, ProvisionedProductName=launch.name, IdempotencyToken=name,
            ProvisioningParameters=[{"Key": key, "Value": value} for key, value in launch.parameters.items()] + [
                {"Key": key, "UsePreviousValue": True} for key in sorted(launch.previous)],
            Tags=[{"Key": key, "Value": value} for key, value in launch.tags.items()],
            **({"PathId": launch.path_id} if launch.path_id else {}))


def _left_running(why: str) -> LeftRunning:
    return LeftRunning(f"{why}. Service Catalog continues; follow it with: tap catalog status")


def change_of(change: Mapping[str, Any]) -> Change:
    """Return a plan's change (API type ResourceChange of Service Catalog) in CloudFormation's terms."""
    def word(value: str | None) -> str | None:
        return _WORDS.get(value, value.capitalize()) if value else None

    details = tuple(Detail(
        str(word(detail.get("Target", {}).get("Attribute"))), detail.get("Target", {}).get("Name"),
        requires_recreation=word(detail.get("Target", {}).get("RequiresRecreation")),
        evaluation=word(detail.get("Evaluation")), cause=detail.get("CausingEntity"))
        for detail in change.get("Details", []))
    return Change(str(word(change["Action"])), change["LogicalResourceId"], change.get("PhysicalResourceId"),
                  change["ResourceType"], word(change.get("Replacement")),
                  tuple(str(word(scope)) for scope in change.get("Scope", [])), details=details)


def _obstacle(there: Provisioned) -> LeftRunning | NeedsRecovery | Refused | None:
    if there.status == "UNDER_CHANGE":
        return LeftRunning(f"{there.name} is being changed: wait until that is complete (tap catalog status)")
    if there.status == "PLAN_IN_PROGRESS":
        return Refused(f"{there.name} already has a plan: execute or delete it in the Service Catalog console")
    if there.status == "ERROR":
        return NeedsRecovery(f"{there.name} has status ERROR and cannot be planned: {reason_of(there.message)}; "
                             "terminate it in the Service Catalog console")
    return None
