"""CloudFormation in memory, at the level of boto3's calls: requests are checked against the API's own model.

Every call may be made to fail, before or after its work is done. Operations advance by one event each time
that their events are asked for.
"""

import itertools
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from botocore.exceptions import ClientError
from memory_service import ACCOUNT, REGION, MemoryService, refusal

from tap.deploy.template import parsed

TOPIC, TABLE = {"Type": "AWS::SNS::Topic"}, {"Type": "AWS::DynamoDB::Table"}
OLD = {"Resources": {"Table": TABLE}}
NEW = {"Resources": {"Table": TABLE, "Topic": TOPIC}}
NESTED = "arn:nested-"  # what the ARNs of nested change sets begin with; a logical id follows
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


@dataclass
class Stack:
    name: str
    stack_id: str
    status: str
    template: str = '{"Resources": {}}'
    parameters: list[dict[str, str]] = field(default_factory=list)
    policy: str | None = None
    protected: bool = False
    events: list[dict[str, Any]] = field(default_factory=list)
    script: list[tuple[str, str, str, str]] = field(default_factory=list)  # still to happen
    resources: dict[str, tuple[str, str]] = field(default_factory=dict)  # type and status by logical id
    token: str | None = None
    outputs: dict[str, str] = field(default_factory=dict)
    attributes: dict[str, Any] = field(default_factory=dict)  # what else DescribeStacks says


@dataclass
class ChangeSet:
    name: str
    arn: str
    stack: Stack
    kind: str
    template: str
    parameters: list[dict[str, str]]
    status: str = "CREATE_COMPLETE"
    execution: str = "AVAILABLE"
    mode: str = ""
    imports: dict[str, str] = field(default_factory=dict)  # physical ids
    reason: str = ""


class MemoryAws(MemoryService):
    """The client; attributes are what the account is like."""

    service = "cloudformation"

    def __init__(self) -> None:
        super().__init__()
        self.stacks: dict[str, Stack] = {}
        self.deleted: dict[str, Stack] = {}
        self.change_sets: dict[str, ChangeSet] = {}
        self.failing: set[str] = set()  # logical ids that fail to be made
        self.undeletable: set[str] = set()  # logical ids of which an update's clean-up cannot delete the original
        self.reason = "no capacity"
        self.stuck = False  # whether rollbacks and deletions fail
        self.page = 100
        self.skew = timedelta()
        self.extra_changes: list[dict[str, Any]] = []
        self.identifiers: dict[str, list[str]] = {}  # what identifies a type that can be imported
        self.existing: dict[str, str] = {}  # physical ids of what has a name of the template, by logical id
        self.nested: dict[str, list[dict[str, Any]]] = {}  # changes in the nested stack with a logical id
        self.nested_reason = ""  # why change sets of nested stacks fail
        self.slow_deletions = 0  # how often a change set that is being deleted is still listed
        self.drifted: list[dict[str, Any]] = []  # the changes that only a drift-aware change set has
        self.changed: dict[str, dict[str, Any]] = {}  # what else a change of a logical id says
        self.ssm: dict[str, str] = {}  # what SSM parameters hold
        self.imports: dict[str, list[str]] = {}  # the stacks that import an export
        self.engine_version = "16.3"
        self.refactor: dict[str, Any] = {}
        self.refactor_refusal = ""
        self.refactor_execution = "EXECUTE_COMPLETE"
        self.numbers = itertools.count(1)
        self.executed: list[str] = []
        self.account = ACCOUNT

    def _check(self, method: str, value: Any, kind: str) -> None:
        # Answers of tests are shortened, and the model lacks REVIEW_IN_PROGRESS, which events do have.
        if kind == "input_shape":
            super()._check(method, value, kind)

    # -- stacks

    def add(self, name: str = "tap-dev", status: str = "CREATE_COMPLETE", **more: Any) -> Stack:
        number = next(self.numbers)
        stack = Stack(name, f"arn:aws:cloudformation:{REGION}:{ACCOUNT}:stack/{name}/{number}", status, **more)
        self.stacks[name] = stack
        self._event(stack, name, "AWS::CloudFormation::Stack", status)
        return stack

    def _find(self, name: str) -> Stack:
        found = self.stacks.get(name) or next(
            (each for each in [*self.stacks.values(), *self.deleted.values()] if each.stack_id == name), None)
        if found is None:
            raise refusal("ValidationError", f"Stack with id {name} does not exist")
        return found

    def _event(self, stack: Stack, logical_id: str, kind: str, status: str, reason: str = "") -> None:
        number = next(self.numbers)
        event = {"StackId": stack.stack_id, "EventId": f"e{number}", "StackName": stack.name,
                 "LogicalResourceId": logical_id, "ResourceType": kind, "ResourceStatus": status,
                 "PhysicalResourceId": self._physical_id(stack, logical_id),
                 "Timestamp": NOON + self.skew + timedelta(seconds=number)}
        if reason:
            event["ResourceStatusReason"] = reason
        if stack.token:
            event["ClientRequestToken"] = stack.token
        stack.events.append(event)

    def _physical_id(self, stack: Stack, logical_id: str) -> str:
        known = stack if logical_id == stack.name else self.stacks.get(f"{stack.name}-{logical_id}")
        return known.stack_id if known else f"{logical_id}-1"

    def _advance(self, stack: Stack) -> None:
        if not stack.script:
            return
        logical_id, kind, status, reason = stack.script.pop(0)
        self._event(stack, logical_id, kind, status, reason)
        if logical_id != stack.name:
            stack.resources[logical_id] = (kind, status)
            return
        stack.status = status
        if status == "DELETE_COMPLETE":
            self.stacks.pop(stack.name, None)
            self.deleted[stack.stack_id] = stack

    def finish(self, stack: Stack) -> None:
        while stack.script:
            self._advance(stack)

    def _work(self, stack: Stack, operation: str, resources: dict[str, str]) -> Iterator[tuple[str, str, str, str]]:
        me = "AWS::CloudFormation::Stack"
        yield stack.name, me, f"{operation}_IN_PROGRESS", ""
        for logical_id, kind in resources.items():
            yield logical_id, kind, f"{operation}_IN_PROGRESS", ""
            if logical_id in self.failing or (operation == "DELETE" and self.stuck):
                yield logical_id, kind, f"{operation}_FAILED", self.reason
                if operation == "DELETE":
                    yield stack.name, me, "DELETE_FAILED", "it failed"
                    return
                rolled = "UPDATE_ROLLBACK" if operation == "UPDATE" else "ROLLBACK"
                yield stack.name, me, f"{rolled}_IN_PROGRESS", "it failed"
                gone = "DELETE_FAILED" if logical_id in self.undeletable else "DELETE_COMPLETE"
                yield logical_id, kind, gone, self.reason
                yield stack.name, me, f"{rolled}_{'FAILED' if self.stuck else 'COMPLETE'}", ""
                return
            yield logical_id, kind, f"{operation}_COMPLETE", ""
        if operation == "UPDATE" and self.undeletable:
            yield stack.name, me, "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS", ""
            for logical_id in sorted(self.undeletable):
                for _ in range(3):
                    yield logical_id, resources[logical_id], "DELETE_FAILED", self.reason
        yield stack.name, me, f"{operation}_COMPLETE", ""

    def do_describe_stacks(self, StackName: str) -> Any:
        stack = self._find(StackName)
        return {"Stacks": [{
            "StackName": stack.name, "StackId": stack.stack_id, "StackStatus": stack.status, "CreationTime": NOON,
            "Parameters": stack.parameters, "EnableTerminationProtection": stack.protected,
            "Outputs": [{"OutputKey": key, "OutputValue": value} for key, value in stack.outputs.items()],
            **stack.attributes}]}

    def do_describe_stack_events(self, StackName: str, NextToken: str = "0") -> Any:
        stack = self._find(StackName)
        if NextToken == "0":
            self._advance(stack)
        newest = stack.events[::-1]
        begin = int(NextToken)
        answer: dict[str, Any] = {"StackEvents": newest[begin:begin + self.page]}
        if begin + self.page < len(newest):
            answer["NextToken"] = str(begin + self.page)
        return answer

    def do_list_stack_resources(self, StackName: str) -> Any:
        return {"StackResourceSummaries": [
            {"LogicalResourceId": name, "PhysicalResourceId": f"{name}-1", "ResourceType": kind,
             "ResourceStatus": status} for name, (kind, status) in self._find(StackName).resources.items()]}

    def do_get_template(self, StackName: str = "", ChangeSetName: str = "", TemplateStage: str = "Original") -> Any:
        assert TemplateStage in ("Original", "Processed")
        found = self._change_set(ChangeSetName, StackName).template if ChangeSetName else self._find(StackName).template
        return {"TemplateBody": json.loads(found)}

    def do_get_template_summary(self, TemplateBody: str) -> Any:
        resources = json.loads(TemplateBody)["Resources"]
        return {"ResourceIdentifierSummaries": [
            {"ResourceType": kind, "ResourceIdentifiers": keys,
             "LogicalResourceIds": [name for name, entry in resources.items() if entry["Type"] == kind]}
            for kind, keys in self.identifiers.items()]}

    def do_get_stack_policy(self, StackName: str) -> Any:
        policy = self._find(StackName).policy
        return {"StackPolicyBody": policy} if policy else {}

    def do_set_stack_policy(self, StackName: str, StackPolicyBody: str) -> None:
        self._find(StackName).policy = StackPolicyBody

    def do_update_termination_protection(self, StackName: str, EnableTerminationProtection: bool) -> None:
        self._find(StackName).protected = EnableTerminationProtection

    def do_list_exports(self) -> Any:
        return {"Exports": []}

    def do_list_imports(self, ExportName: str) -> Any:
        if ExportName not in self.imports:
            raise refusal("ValidationError", f"Export '{ExportName}' is not imported by any stack.")
        return {"Imports": self.imports[ExportName]}

    def do_create_stack_refactor(self, StackDefinitions: list[dict[str, str]], ResourceMappings: list[dict[str, Any]],
                                 **_request: Any) -> Any:
        definition, = StackDefinitions
        self.refactor = {"template": definition["TemplateBody"], "stack": self._find(definition["StackName"]),
                         "mappings": ResourceMappings, "execution": "AVAILABLE"}
        return {"StackRefactorId": "r-1"}

    def do_describe_stack_refactor(self, StackRefactorId: str) -> Any:
        return {"StackRefactorId": StackRefactorId, "ExecutionStatus": self.refactor["execution"],
                **({"Status": "CREATE_FAILED", "StatusReason": self.refactor_refusal} if self.refactor_refusal else
                   {"Status": "CREATE_COMPLETE"})}

    def do_list_stack_refactor_actions(self, **_request: Any) -> Any:
        return {"StackRefactorActions": [
            {"Action": "MOVE", "Entity": "RESOURCE", "ResourceMapping": each,
             "PhysicalResourceId": f"{each['Source']['LogicalResourceId']}-1"} for each in self.refactor["mappings"]]}

    def do_execute_stack_refactor(self, **_request: Any) -> None:
        self.refactor["execution"] = self.refactor_execution
        if self.refactor_execution == "EXECUTE_COMPLETE":
            self.refactor["stack"].template = self.refactor["template"]

    def do_describe_db_clusters(self, DBClusterIdentifier: str) -> Any:
        return {"DBClusters": [{"DBClusterIdentifier": DBClusterIdentifier, "EngineVersion": self.engine_version}]}

    def do_describe_events(self, **_request: Any) -> Any:
        raise refusal("InvalidAction")

    def do_get_caller_identity(self) -> Any:
        return {"Account": self.account}

    def do_delete_stack(self, StackName: str, ClientRequestToken: str | None = None,
                        RetainResources: list[str] | None = None, **_more: Any) -> None:
        try:
            stack = self._find(StackName)
        except ClientError:
            return
        if stack.status in ("DELETE_COMPLETE", "DELETE_IN_PROGRESS"):
            return
        if stack.protected:
            raise refusal("ValidationError", "TerminationProtection is enabled")
        if any(each.stack is stack and each.status == "DELETE_IN_PROGRESS" for each in self.change_sets.values()):
            raise refusal("ValidationError", "a change set is being deleted")
        for arn in [arn for arn, each in self.change_sets.items() if each.stack is stack]:
            del self.change_sets[arn]
        stack.token = ClientRequestToken
        left = {name: kind for name, (kind, status) in stack.resources.items()
                if status != "DELETE_COMPLETE" and name not in (RetainResources or [])}
        stack.script = list(self._work(stack, "DELETE", left))
        self._advance(stack)
        if not left or ClientRequestToken is None:
            self.finish(stack)

    def do_rollback_stack(self, StackName: str, ClientRequestToken: str) -> None:
        self._roll_back(StackName, ClientRequestToken, "UPDATE_FAILED")

    def do_continue_update_rollback(self, StackName: str, ClientRequestToken: str,
                                    ResourcesToSkip: list[str] | None = None) -> None:
        assert ResourcesToSkip is None or ResourcesToSkip
        self._roll_back(StackName, ClientRequestToken, "UPDATE_ROLLBACK_FAILED")

    def _roll_back(self, name: str, token: str, expected: str) -> None:
        stack = self._find(name)
        if stack.status != expected:
            raise refusal("ValidationError", f"Stack is in {stack.status} state")
        stack.token = token
        me = "AWS::CloudFormation::Stack"
        stack.script = [(stack.name, me, f"UPDATE_ROLLBACK_{state}", "") for state in ("IN_PROGRESS", "COMPLETE")]
        self._advance(stack)

    # -- change sets

    def _change_set(self, name: str, stack_name: str = "") -> ChangeSet:
        found = self.change_sets.get(name) or next(
            (each for each in self.change_sets.values()
             if each.name == name and stack_name in (each.stack.name, each.stack.stack_id)), None)
        if found is None:
            raise refusal("ChangeSetNotFound", f"ChangeSet [{name}] does not exist")
        return found

    def do_create_change_set(self, StackName: str, ChangeSetName: str, ChangeSetType: str, TemplateBody: str = "",
                             Parameters: list[dict[str, Any]] = [], **more: Any) -> Any:  # noqa: B006  (never changed)
        if any(each.name == ChangeSetName for each in self.change_sets.values()):
            raise refusal("AlreadyExistsException", f"ChangeSet {ChangeSetName} cannot be created")
        if ChangeSetType != "UPDATE" and StackName not in self.stacks:
            self.add(StackName, "REVIEW_IN_PROGRESS")
        stack = self._find(StackName)
        same = more.get("UsePreviousTemplate", False)
        TemplateBody = stack.template if same else json.dumps(parsed(TemplateBody))
        old = {each["ParameterKey"]: each for each in stack.parameters}
        Parameters = [old[each["ParameterKey"]] if each.get("UsePreviousValue") else each for each in Parameters]
        same = same and any(each not in stack.parameters for each in Parameters)
        made = ChangeSet(ChangeSetName, f"arn:aws:cloudformation:{REGION}:{ACCOUNT}:changeSet/{ChangeSetName}/1",
                         stack, ChangeSetType, TemplateBody, Parameters)
        if ChangeSetType == "UPDATE" and not same and json.loads(TemplateBody) == json.loads(stack.template):
            made.status, made.execution = "FAILED", "UNAVAILABLE"
            made.reason = "The submitted information didn't contain changes. Submit different information."
        made.mode = more.get("DeploymentMode", "")
        made.imports = {each["LogicalResourceId"]: next(iter(each["ResourceIdentifier"].values()))
                        for each in more.get("ResourcesToImport", [])}
        if more.get("ImportExistingResources"):
            made.imports |= self.existing
        if self.nested_reason:
            made.status, made.execution = "FAILED", "UNAVAILABLE"
            made.reason = f"Nested change set {NESTED}{next(iter(self.nested))} was not successfully created"
        self.change_sets[made.arn] = made
        return {"Id": made.arn, "StackId": stack.stack_id}

    def do_describe_change_set(self, ChangeSetName: str, StackName: str = "", NextToken: str = "0",
                               **_more: Any) -> Any:
        if ChangeSetName.startswith(NESTED):
            return {"ChangeSetId": ChangeSetName, "Changes": self.nested[ChangeSetName.removeprefix(NESTED)],
                    "Status": "FAILED" if self.nested_reason else "CREATE_COMPLETE", "StatusReason": self.nested_reason}
        found = self._change_set(ChangeSetName, StackName)
        changes = self._changes(found) if found.status == "CREATE_COMPLETE" or self.nested_reason else []
        begin = int(NextToken)
        answer = {"ChangeSetId": found.arn, "ChangeSetName": found.name, "StackId": found.stack.stack_id,
                  "Status": found.status, "ExecutionStatus": found.execution, "StatusReason": found.reason,
                  "Parameters": [{**each, **self._held(each)} for each in found.parameters],
                  "Changes": changes[begin:begin + self.page]}
        if begin + self.page < len(changes):
            answer["NextToken"] = str(begin + self.page)
        return answer

    def _held(self, parameter: dict[str, str]) -> dict[str, str]:
        held = self.ssm.get(parameter["ParameterValue"])
        return {"ResolvedValue": held} if held else {}

    def _changes(self, found: ChangeSet) -> list[dict[str, Any]]:
        new, old = (json.loads(text)["Resources"] for text in (found.template, found.stack.template))
        changes = []
        for name in [*new, *(each for each in old if each not in new)]:
            if old.get(name) == new.get(name):
                continue
            new_action = "Import" if name in found.imports else "Add"
            action = new_action if name not in old else "Remove" if name not in new else "Modify"
            changes.append({"Type": "Resource", "ResourceChange": {
                "Action": action, "LogicalResourceId": name, "ResourceType": (new.get(name) or old[name])["Type"],
                **({"Replacement": "False", "Scope": ["Properties"]} if action == "Modify" else {}),
                **({} if action == "Add" else {"PhysicalResourceId": found.imports.get(name, f"{name}-1")}),
                **({"ChangeSetId": f"{NESTED}{name}"} if name in self.nested else {}), **self.changed.get(name, {})}})
        return changes + self.extra_changes + (self.drifted if found.mode == "REVERT_DRIFT" else [])

    def do_list_change_sets(self, StackName: str) -> Any:
        stack = self._find(StackName)
        self.slow_deletions = max(0, self.slow_deletions - 1)
        for each in [each for each in self.change_sets.values() if each.status == "DELETE_IN_PROGRESS"]:
            if not self.slow_deletions:
                del self.change_sets[each.arn]
        return {"Summaries": [
            {"ChangeSetId": each.arn, "ChangeSetName": each.name, "Status": each.status, "CreationTime": NOON,
             "ExecutionStatus": each.execution} for each in self.change_sets.values() if each.stack is stack]}

    def do_delete_change_set(self, ChangeSetName: str, StackName: str = "") -> None:
        found = self._change_set(ChangeSetName, StackName)
        if self.slow_deletions:
            found.status = "DELETE_IN_PROGRESS"
        else:
            del self.change_sets[found.arn]

    def do_execute_change_set(self, ChangeSetName: str, ClientRequestToken: str) -> None:
        found = self._change_set(ChangeSetName)
        if found.execution != "AVAILABLE":
            raise refusal("InvalidChangeSetStatus", f"ChangeSet is in {found.execution}")
        stack = found.stack
        self.executed.append(found.name)
        found.execution = "EXECUTE_IN_PROGRESS"
        for each in self.change_sets.values():
            if each.stack is stack and each is not found:
                each.execution = "OBSOLETE"
        changes = {each["ResourceChange"]["LogicalResourceId"]: each["ResourceChange"]["ResourceType"]
                   for each in self._changes(found)}
        stack.token = ClientRequestToken
        stack.script = list(self._work(stack, found.kind, changes))
        self._advance(stack)
        if not self.failing:
            stack.template, stack.parameters = found.template, found.parameters
