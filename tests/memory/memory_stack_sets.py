"""StackSets in memory: an organisation, its stack sets, and operations that advance each time they are looked at."""

import itertools
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from memory_bucket import MemoryBucket
from memory_service import ACCOUNT, MemoryService, refusal
from memory_tap import Driver

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
A, B, C = "111111111111", "222222222222", "333333333333"
OU = "ou-abcd-12345678"
IRELAND, FRANKFURT = "eu-west-1", "eu-central-1"
TEMPLATE = {
    "Parameters": {"Environment": {"Type": "String"}, "Size": {"Type": "String", "Default": "1",
                                                                 "AllowedPattern": r"\d"}},
    "Resources": {"Topic": {"Type": "AWS::SNS::Topic"}, "Table": {"Type": "AWS::DynamoDB::Table"}}}


class MemoryStackSets(MemoryService):
    service = "cloudformation"

    def __init__(self) -> None:
        super().__init__()
        self.sets: dict[str, dict[str, Any]] = {}
        self.instances: dict[tuple[str, str], dict[str, Any]] = {}
        self.operations: dict[str, dict[str, Any]] = {}
        self.organisation: dict[str, list[str]] = {OU: [A, B]}
        self.failing: set[tuple[str, str]] = set()
        self.drifted: set[tuple[str, str]] = set()
        self.page = 2
        self.numbers = itertools.count(1)

    def _set(self, name: str) -> dict[str, Any]:
        if name not in self.sets:
            raise refusal("StackSetNotFoundException", f"StackSet {name} not found")
        return self.sets[name]

    def _pages(self, items: list[Any], token: str) -> dict[str, Any]:
        begin = int(token)
        more = {"NextToken": str(begin + self.page)} if begin + self.page < len(items) else {}
        return {"Summaries": items[begin:begin + self.page], **more}

    # -- the set

    def do_describe_stack_set(self, StackSetName: str, CallAs: str) -> Any:
        assert CallAs in ("SELF", "DELEGATED_ADMIN")
        found = self._set(StackSetName)
        units = sorted({each["OrganizationalUnitId"] for each in self.instances.values() if
                        each.get("OrganizationalUnitId")})
        return {"StackSet": {**found, "OrganizationalUnitIds": units,
                             "Regions": sorted({region for _, region in self.instances})}}

    def do_create_stack_set(self, StackSetName: str, Parameters: Any, Tags: Any,
                            PermissionModel: str, **more: Any) -> Any:
        if StackSetName in self.sets:
            raise refusal("NameAlreadyExistsException")
        self.sets[StackSetName] = {
            "StackSetName": StackSetName, "TemplateBody": more.get("TemplateBody", "{}"), "Parameters": Parameters,
            "Tags": Tags, "PermissionModel": PermissionModel, "Status": "ACTIVE",
            **{key: more[key] for key in ("AutoDeployment", "AdministrationRoleARN", "ExecutionRoleName")
               if key in more}}
        return {"StackSetId": f"{StackSetName}:1"}

    def do_update_stack_set(self, StackSetName: str, TemplateBody: str, Parameters: Any, Tags: Any,
                            OperationId: str, **_more: Any) -> Any:
        found = self._set(StackSetName)
        self._begin(OperationId, "UPDATE", list(self.instances))
        found |= {"TemplateBody": TemplateBody, "Parameters": Parameters, "Tags": Tags}
        return {"OperationId": OperationId}

    # -- its stacks

    def do_list_stack_instances(self, StackSetName: str, CallAs: str, NextToken: str = "0") -> Any:
        assert CallAs
        self._set(StackSetName)
        return self._pages([{key: value for key, value in each.items() if key != "ParameterOverrides"}
                            for each in self.instances.values()], NextToken)

    def do_describe_stack_instance(self, StackInstanceAccount: str, StackInstanceRegion: str, **_more: Any) -> Any:
        found = self.instances[StackInstanceAccount, StackInstanceRegion]
        return {"StackInstance": {key: found[key] for key in ("Account", "Region", "Status", "ParameterOverrides")}}

    def _targets(self, request: dict[str, Any]) -> dict[str, str]:
        """Return the accounts of a request, with the unit by which each is there."""
        if "Accounts" in request:
            return dict.fromkeys(request["Accounts"], "")
        targets = request["DeploymentTargets"]
        found = {account: unit for unit in targets["OrganizationalUnitIds"] for account in self.organisation[unit]}
        named = targets.get("Accounts", [])
        match targets.get("AccountFilterType"):
            case "INTERSECTION":
                return {account: unit for account, unit in found.items() if account in named}
            case "DIFFERENCE":
                return {account: unit for account, unit in found.items() if account not in named}
        return found

    def do_create_stack_instances(self, OperationId: str, Regions: list[str], **request: Any) -> Any:
        return self._instances("CREATE", OperationId, Regions, request)

    def do_update_stack_instances(self, OperationId: str, Regions: list[str], **request: Any) -> Any:
        return self._instances("UPDATE", OperationId, Regions, request)

    def _instances(self, action: str, operation_id: str, regions: list[str], request: dict[str, Any]) -> Any:
        self._set(request["StackSetName"])
        targets = self._targets(request)
        cells = [(account, region) for region in regions for account in targets]
        self._begin(operation_id, action, cells)
        for account, region in cells:
            unit = {"OrganizationalUnitId": targets[account]} if targets[account] else {}
            self.instances.setdefault((account, region), {
                "Account": account, "Region": region, "Status": "OUTDATED", **unit,
                "StackInstanceStatus": {"DetailedStatus": "PENDING"}, "ParameterOverrides": []})
            if "ParameterOverrides" in request:
                self.instances[account, region]["ParameterOverrides"] = request["ParameterOverrides"]
        return {"OperationId": operation_id}

    # -- operations

    def _begin(self, id_: str, action: str, cells: list[tuple[str, str]]) -> None:
        if id_ in self.operations:
            raise refusal("OperationIdAlreadyExistsException")
        if any(each["Status"] == "RUNNING" for each in self.operations.values()):
            raise refusal("OperationInProgressException")
        self.operations[id_] = {"Action": action, "Status": "RUNNING",
                                "cells": dict.fromkeys(cells, "PENDING"), "left": list(cells)}

    def _advance(self, operation: dict[str, Any]) -> None:
        """Let one stack after the other run and end; the first that fails is more than is tolerated."""
        if operation["Status"] != "RUNNING":
            return
        cells = operation["cells"]
        running = next((cell for cell, status in cells.items() if status == "RUNNING"), None)
        if running:
            cells[running] = "FAILED" if running in self.failing else "SUCCEEDED"
            self.instances[running] |= {
                "Status": "OUTDATED" if running in self.failing else "CURRENT",
                "StackInstanceStatus": {"DetailedStatus": cells[running]},
                "DriftStatus": "DRIFTED" if running in self.drifted else "IN_SYNC"}
        waiting = next((cell for cell, status in cells.items() if status == "PENDING"), None)
        if waiting:
            cells[waiting] = "RUNNING"
            return
        failed = sum(status == "FAILED" for status in cells.values())
        operation["Status"] = "FAILED" if failed > self.tolerance else "SUCCEEDED"

    tolerance = 0

    def do_describe_stack_set_operation(self, StackSetName: str, OperationId: str, CallAs: str) -> Any:
        self._set(StackSetName)
        assert CallAs
        if OperationId not in self.operations:
            raise refusal("OperationNotFoundException")
        operation = self.operations[OperationId]
        self._advance(operation)
        return {"StackSetOperation": {"OperationId": OperationId, "Action": operation["Action"],
                                      "Status": operation["Status"]}}

    def do_list_stack_set_operation_results(self, OperationId: str, NextToken: str = "0", **_more: Any) -> Any:
        return self._pages([
            {"Account": account, "Region": region, "Status": status,
             **({"StatusReason": "no\n capacity"} if status == "FAILED" else {})}
            for (account, region), status in self.operations[OperationId]["cells"].items()], NextToken)

    def do_list_stack_set_operations(self, NextToken: str = "0", **_more: Any) -> Any:
        return self._pages([{"OperationId": id_, "Action": each["Action"], "Status": each["Status"],
                             "CreationTimestamp": NOON} for id_, each in self.operations.items()], NextToken)

    def do_detect_stack_set_drift(self, OperationId: str, **_more: Any) -> Any:
        self._begin(OperationId, "DETECT_DRIFT", list(self.instances))
        return {"OperationId": OperationId}


class Sts(MemoryService):
    service = "sts"

    def do_get_caller_identity(self) -> Any:
        return {"Account": ACCOUNT}


class Tap(Driver):
    """The command line over an organisation in memory."""

    def __init__(self, root: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.aws, self.bucket = MemoryStackSets(), MemoryBucket()
        super().__init__(self.aws, root, capsys, TEMPLATE, s3=self.bucket, sts=Sts())

    def fleet(self, **settings: Any) -> None:
        """Write parameters/fleet.toml with one fleet, `prod`; None leaves a key out."""
        given: dict[str, Any] = {"accounts": [A, B], "regions": [IRELAND, FRANKFURT],
                                 "parameters": {"Environment": "prod"}} | settings
        lines = ["[prod]", *(f"{key} = {_toml(value)}" for key, value in given.items() if value is not None)]
        self.write("parameters/fleet.toml", "\n".join(lines) + "\n")

    def requests(self, *methods: str) -> list[tuple[str, dict[str, Any]]]:
        return [(name, request) for name, request in self.aws.requests if name in methods]


def _toml(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key} = {_toml(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_toml, value)) + "]"
    return json.dumps(value)
