"""Service Catalog in memory: versions, provisioned products, plans and shares."""

import itertools
from datetime import UTC, datetime, timedelta
from typing import Any

from memory_service import ACCOUNT, MemoryService, refusal

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
PRODUCT, PORTFOLIO = "prod-abcdefghijklm", "port-abcdefghijklm"
ME = f"arn:aws:sts::{ACCOUNT}:assumed-role/team-a/anna"


class MemoryCatalog(MemoryService):
    service = "servicecatalog"

    def __init__(self) -> None:
        super().__init__()
        self.numbers = itertools.count(1)
        self.artifacts: list[dict[str, Any]] = []
        self.urls: dict[str, str] = {}
        self.tokens: dict[str, str] = {}  # idempotency token: the id of what it made
        self.states: dict[str, list[str]] = {}  # what the next looks at a version, plan or record show; the last stays
        self.provisioned: list[dict[str, Any]] = []
        self.page = 2
        self.paths = [{"Id": "lpv2-1", "Name": "Payments"}]
        self.plans: dict[str, dict[str, Any]] = {}
        self.changes: list[dict[str, Any]] = [
            {"Action": "ADD", "LogicalResourceId": "Vpc", "ResourceType": "AWS::EC2::VPC", "Scope": [], "Details": []}]
        self.plan_message = ""
        self.errors: list[dict[str, str]] = []
        self.ends = "AVAILABLE"  # in which state a launch leaves the product
        self.parameters: dict[str, list[str]] = {}  # of each version
        self.shares: dict[str, str] = {}
        self.share_states = ["IN_PROGRESS", "COMPLETED"]

    def add(self, name: str, description: str = "by hand", **more: Any) -> str:
        number = next(self.numbers)
        id_ = f"pa-{number}"
        self.artifacts.append({"Id": id_, "Name": name, "Description": description, "Type": "CLOUD_FORMATION_TEMPLATE",
                               "CreatedTime": NOON + timedelta(days=number), "Active": True, "Guidance": "DEFAULT",
                               **more})
        return id_

    def run(self, name: str, status: str = "AVAILABLE", **more: Any) -> dict[str, Any]:
        made = {"Id": f"pp-{next(self.numbers)}", "Name": name, "Status": status, "ProductId": PRODUCT,
                "ProvisioningArtifactId": "pa-1", "ProvisioningArtifactName": "1.0.0", "UserArn": ME, **more}
        self.provisioned.append(made)
        return made

    def _next(self, id_: str, otherwise: str) -> str:
        states = self.states.get(id_) or [otherwise]
        return states.pop(0) if len(states) > 1 else states[0]

    # -- versions

    def do_list_provisioning_artifacts(self, ProductId: str) -> Any:
        assert ProductId == PRODUCT
        return {"ProvisioningArtifactDetails": [dict(each) for each in self.artifacts]}

    def do_describe_provisioning_artifact(self, ProvisioningArtifactId: str, **_more: Any) -> Any:
        found = next(each for each in self.artifacts if each["Id"] == ProvisioningArtifactId)
        return {"ProvisioningArtifactDetail": found, "Status": self._next(ProvisioningArtifactId, "AVAILABLE")}

    def do_create_provisioning_artifact(self, ProductId: str, Parameters: dict[str, Any],
                                        IdempotencyToken: str) -> Any:
        assert ProductId == PRODUCT
        if " " in Parameters["Name"]:
            raise refusal("InvalidParametersException", "no spaces")
        if IdempotencyToken not in self.tokens:
            id_ = self.add(Parameters["Name"], Parameters["Description"])
            self.tokens[IdempotencyToken], self.urls[id_] = id_, Parameters["Info"]["LoadTemplateFromURL"]
        found = next(each for each in self.artifacts if each["Id"] == self.tokens[IdempotencyToken])
        return {"ProvisioningArtifactDetail": found, "Status": "CREATING"}

    def do_update_provisioning_artifact(self, ProductId: str, ProvisioningArtifactId: str, Guidance: str) -> Any:
        assert ProductId == PRODUCT
        found = next(each for each in self.artifacts if each["Id"] == ProvisioningArtifactId)
        found["Guidance"] = Guidance
        return {"ProvisioningArtifactDetail": found, "Status": "AVAILABLE"}

    # -- provisioned products

    def do_search_provisioned_products(self, Filters: Any, PageToken: str = "0", **_more: Any) -> Any:
        assert Filters == {"SearchQuery": [f"productId:{PRODUCT}"]}
        begin = int(PageToken)
        answer: dict[str, Any] = {"ProvisionedProducts": self.provisioned[begin:begin + self.page]}
        if begin + self.page < len(self.provisioned):
            answer["NextPageToken"] = str(begin + self.page)
        return answer

    def do_list_launch_paths(self, **_request: Any) -> Any:
        return {"LaunchPathSummaries": self.paths}

    def do_describe_provisioning_parameters(self, ProductId: str, ProvisioningArtifactId: str, PathId: str) -> Any:
        assert (ProductId, PathId) == (PRODUCT, self.paths[0]["Id"])
        return {"ProvisioningArtifactParameters": [
            {"ParameterKey": key} for key in self.parameters[ProvisioningArtifactId]]}

    # -- plans

    def do_create_provisioned_product_plan(self, PlanName: str, ProductId: str, ProvisionedProductName: str,
                                           ProvisioningArtifactId: str, IdempotencyToken: str, **more: Any) -> Any:
        if IdempotencyToken not in self.tokens:
            if any(each["ProvisionProductName"] == ProvisionedProductName and each["Status"].startswith("CREATE")
                   for each in self.plans.values()):
                raise refusal("InvalidStateException", "there is a plan")
            plan_id = f"plan-{next(self.numbers)}"
            self.tokens[IdempotencyToken] = plan_id
            self.plans[plan_id] = {
                "PlanId": plan_id, "PlanName": PlanName, "ProvisionProductName": ProvisionedProductName,
                "ProductId": ProductId, "ProvisioningArtifactId": ProvisioningArtifactId,
                "ProvisioningParameters": more["ProvisioningParameters"], "Tags": more["Tags"],
                "Status": "CREATE_SUCCESS"}
            self.states.setdefault(plan_id, self.states.pop("plan", ["CREATE_IN_PROGRESS", "CREATE_SUCCESS"]))
        return {"PlanId": self.tokens[IdempotencyToken], "PlanName": PlanName}

    def _plan(self, plan_id: str) -> dict[str, Any]:
        if plan_id not in self.plans:
            raise refusal("ResourceNotFoundException", "no such plan")
        return self.plans[plan_id]

    def do_describe_provisioned_product_plan(self, PlanId: str, PageToken: str = "0") -> Any:
        plan = self._plan(PlanId)
        begin = int(PageToken)
        status = self._next(PlanId, plan["Status"])
        answer: dict[str, Any] = {
            "ProvisionedProductPlanDetails": {**plan, "Status": status, "StatusMessage": self.plan_message},
            "ResourceChanges": self.changes[begin:begin + self.page]}
        if begin + self.page < len(self.changes):
            answer["NextPageToken"] = str(begin + self.page)
        return answer

    def do_delete_provisioned_product_plan(self, PlanId: str) -> Any:
        del self.plans[self._plan(PlanId)["PlanId"]]
        return {}

    def do_execute_provisioned_product_plan(self, PlanId: str, IdempotencyToken: str) -> Any:
        plan = self._plan(PlanId)
        if plan["Status"] != "CREATE_SUCCESS" and IdempotencyToken not in self.tokens:
            raise refusal("InvalidStateException", "it runs")
        plan["Status"] = "EXECUTE_IN_PROGRESS"
        self.states[PlanId] = ["EXECUTE_IN_PROGRESS"]
        if IdempotencyToken not in self.tokens or self.tokens[IdempotencyToken] == PlanId:
            name = plan["ProvisionProductName"]
            there = next((each for each in self.provisioned if each["Name"] == name), None) or self.run(name)
            there["Status"] = self.ends
            self.tokens[IdempotencyToken] = there["Id"]
            self.record = {"RecordId": "rec-1", "ProvisionedProductName": name, "ProvisionedProductId": there["Id"],
                           "ProductId": PRODUCT, "Status": "CREATED"}
        return {"RecordDetail": self.record}

    def do_describe_record(self, Id: str) -> Any:
        status = self._next(Id, "FAILED" if self.errors else "SUCCEEDED")
        return {"RecordDetail": {**self.record, "Status": status, "RecordErrors": self.errors},
                "RecordOutputs": [{"OutputKey": "LoadBalancerDNS", "OutputValue": "lb.example"}]}

    # -- shares

    def do_describe_portfolio_shares(self, Type: str, **_more: Any) -> Any:
        return {"PortfolioShareDetails": [{"PrincipalId": id_, "Type": kind, "Accepted": True}
                                          for id_, kind in self.shares.items() if kind == Type]}

    def do_create_portfolio_share(self, AccountId: str = "", OrganizationNode: dict[str, str] | None = None,
                                  **_more: Any) -> Any:
        if OrganizationNode is None:
            self.shares[AccountId] = "ACCOUNT"
            return {}
        self.shares[OrganizationNode["Value"]] = OrganizationNode["Type"]
        return {"PortfolioShareToken": "share-1"}

    def do_describe_portfolio_share_status(self, **_request: Any) -> Any:
        status = self.share_states.pop(0) if len(self.share_states) > 1 else self.share_states[0]
        errors = [{"Accounts": ["111111111111"], "Message": "no access", "Error": "AccessDenied"}]
        return {"Status": status, "ShareDetails": {"ShareErrors": errors if status == "ERROR" else []}}
