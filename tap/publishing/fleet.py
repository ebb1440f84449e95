"""Execute a stack set's plan: start each operation once, follow its instances, and report failures.

https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_DescribeStackSetOperation.html
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from tap.deploy.aws import AwsClient
from tap.deploy.models import CallFailed, InputError, LeftRunning, StackFailed
from tap.deploy.stacks import pages
from tap.deploy.template import same_template
from tap.deploy.waiting import send_once, watch
from tap.deploy.wording import reason_of
from tap.publishing.fleet_settings import Fleet
from tap.publishing.stack_sets import Plan, Step, look

RUNNING = ("RUNNING", "STOPPING", "QUEUED")  # API type StackSetOperationStatus


@dataclass(frozen=True)
class Result:
    """The result of one stack in an operation (API type StackSetOperationResultSummary)."""

    account: str
    region: str
    status: str  # PENDING, RUNNING, SUCCEEDED, FAILED, CANCELLED
    reason: str = ""


OnResult = Callable[[Result], None]


class Operator:
    """Starts and follows the operations of one stack set. Every method may raise CallFailed."""

    def __init__(self, aws: AwsClient, fleet: Fleet) -> None:
        """Take the caller of AWS, and the fleet."""
        self._aws, self._call = aws, aws.call
        self._fleet = fleet
        self._about = {"StackSetName": fleet.name, "CallAs": fleet.call_as}

    def carry_out(self, plan: Plan, template: str, on_step: Callable[[Step], None], on_result: OnResult) -> None:
        """Run the steps of a plan in order until one fails.

        Raises StackFailed for an operation that failed, and in the end for stacks that failed within the
        tolerance; LeftRunning where another operation runs, or once nobody watches.
        """
        tolerated: list[Result] = []
        for step in plan.steps:
            on_step(step)
            if step.method == "create_stack_set":
                self._create(step.request, template)
            else:
                tolerated += self.follow(self.start(step.method, step.request), on_result)
        if tolerated:
            raise self._failed(
                f"{len(tolerated)} stacks of {self._fleet.name} failed, within the failure tolerance", tolerated)

    def start(self, method: str, request: Mapping[str, Any]) -> str:
        """Start an operation once and return its id. Raises LeftRunning if another one is running."""
        operation_id = f"tap-{self._aws.unique()}"

        def find(error: CallFailed) -> bool | None:
            # The response to this request, or to an earlier attempt of the client, may have been lost.
            if self._is_known(operation_id, error):
                return True
            if error.code == "OperationInProgressException":
                raise self._left("another operation on the stack set is in progress")
            return None

        try:
            send_once(self._aws, lambda: self._call(method, **request, OperationId=operation_id), find)
        except KeyboardInterrupt:
            raise self._left("interrupted while starting an operation") from None
        return operation_id

    def follow(self, operation_id: str, on_result: OnResult) -> list[Result]:
        """Report each stack's result when it changes; return the failed ones, within the tolerance.

        Raises StackFailed where the operation failed or was stopped, LeftRunning once nobody watches.
        """
        seen: dict[tuple[str, str], str] = {}

        def look() -> tuple[dict[str, Any], list[Result]] | None:
            # Read the state first: once it is final, all results are available.
            operation, results = self._operation(operation_id), self._results(operation_id)
            for result in results:
                if seen.get((result.account, result.region)) != result.status:
                    seen[result.account, result.region] = result.status
                    on_result(result)
            return None if operation["Status"] in RUNNING else (operation, results)

        operation, results = watch(self._aws, look, self._left)
        bad = [result for result in results if result.status == "FAILED"]
        if operation["Status"] != "SUCCEEDED":
            why = " ".join(operation.get("StatusReason", "").split())
            raise self._failed(f"operation {operation_id} of {self._fleet.name} is {operation['Status']}"
                               f"{f': {why}' if why else ''}", bad)
        return bad

    def running(self) -> str | None:
        """Return the id of the running operation, or None."""
        operations = pages(self._call, "list_stack_set_operations", "Summaries", **self._about)
        return next((str(operation["OperationId"]) for operation in operations if operation["Status"] in RUNNING), None)

    def detect_drift(self, on_result: OnResult) -> None:
        """Make CloudFormation compare every stack with its template, and return when it has finished.

        A failure to do so is one of the operation's: raises as `follow` does.
        """
        request = {**self._about, "OperationPreferences": self._fleet.preferences}
        if bad := self.follow(self.start("detect_stack_set_drift", request), on_result):
            raise self._failed(f"{len(bad)} stacks of {self._fleet.name} could not be compared", bad)

    def _create(self, request: Mapping[str, Any], template: str) -> None:
        token = f"tap-{self._aws.unique()}"

        def find(_error: CallFailed) -> bool | None:
            stack_set = look(self._call, self._fleet)
            if stack_set and not same_template(stack_set.description["TemplateBody"], template):
                raise InputError(f"another process created stack set {self._fleet.name} in the meantime: run the plan "
                                 "again")
            return stack_set is not None or None

        send_once(self._aws, lambda: self._call("create_stack_set", **request, ClientRequestToken=token), find)

    def _operation(self, operation_id: str) -> dict[str, Any]:
        answer = self._call("describe_stack_set_operation", **self._about, OperationId=operation_id)
        return dict(answer["StackSetOperation"])

    def _is_known(self, operation_id: str, refusal: CallFailed) -> bool:
        """Whether the operation started although its request failed. Raises `refusal`, or LeftRunning if unsure."""
        try:
            self._operation(operation_id)
        except CallFailed as error:
            if error.code == "OperationNotFoundException":
                return False
            if refusal.passing:
                raise self._left(f"cannot determine whether the operation was started ({error.message})") from None
            raise refusal from None
        return True

    def _results(self, operation_id: str) -> list[Result]:
        summaries = pages(self._call, "list_stack_set_operation_results", "Summaries", **self._about,
                          OperationId=operation_id)
        return [Result(summary["Account"], summary["Region"], summary["Status"],
                       " ".join(summary.get("StatusReason", "").split())) for summary in summaries]

    def _failed(self, what: str, results: list[Result]) -> StackFailed:
        error = StackFailed(f"{what}. Retry the failed stacks with: tap fleet deploy {self._fleet.env.name}")
        for result in results:
            error.add_note(f"{result.account} in {result.region}: {reason_of(result.reason)}")
        return error

    def _left(self, why: str) -> LeftRunning:
        return LeftRunning(f"{why}. CloudFormation continues the operation on stack set {self._fleet.name}; follow it "
                           f"with: tap fleet status {self._fleet.env.name} --follow")
