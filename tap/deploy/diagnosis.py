"""Find out why a resource failed, from ECS, logs and CloudFormation's detailed events.

The requests are sent while the failed resource still exists. A request that fails is ignored.
"""

from collections.abc import Callable, Iterator

from tap.deploy.aws import AwsClient, Call
from tap.deploy.models import CallFailed, Environment, Observer, StackEvent
from tap.deploy.states import is_cancelled
from tap.deploy.wording import reason_of

_LOG_LINES = 5


def diagnose(aws: AwsClient, env: Environment, event: StackEvent) -> list[str]:
    """Return lines with details of a failed resource beyond those in its event; none if no service has any."""
    asked: list[Callable[[], Iterator[str]]] = [lambda: _details(aws, event)]
    if event.resource_type == "AWS::ECS::Service" and event.physical_id:
        asked.append(lambda: _tasks(aws, str(event.physical_id)))
    if event.resource_type == "AWS::CloudFormation::CustomResource" or event.resource_type.startswith("Custom::"):
        asked.append(lambda: _function_log(aws, event))
    lines: list[str] = []
    for question in asked:
        try:
            lines += question()
        except (CallFailed, LookupError, ValueError, TypeError, AttributeError):
            continue
    return list(dict.fromkeys(env.masked(" ".join(line.split())) for line in lines))


def _details(aws: AwsClient, event: StackEvent) -> Iterator[str]:
    # https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_DescribeEvents.html
    answer = aws.call("describe_events", StackName=event.stack_id, Filters={"FailedEvents": True})
    for detail in answer["OperationEvents"]:
        if detail.get("LogicalResourceId") != event.own_id:
            continue
        if reason := detail.get("ValidationStatusReason"):
            yield f"{detail.get('ValidationPath', event.logical_id)}: {reason}"
        if reason := detail.get("HookStatusReason"):
            yield f"hook {detail.get('HookType')} ({detail.get('HookStatus')}): {reason}"


def _tasks(aws: AwsClient, service: str) -> Iterator[str]:
    ecs, logs = aws.service("ecs"), aws.service("logs")
    # arn:aws:ecs:<region>:<account>:service/<cluster>/<service>
    _, cluster, name = service.rsplit(":", 1)[1].split("/")
    services = ecs("describe_services", cluster=cluster, services=[name])["services"]
    for message in [event["message"] for service in services for event in service.get("events", [])[:1]]:
        yield f"ECS: {message}"
    stopped = ecs("list_tasks", cluster=cluster, serviceName=name, desiredStatus="STOPPED")["taskArns"]
    if not stopped:
        return
    task = ecs("describe_tasks", cluster=cluster, tasks=stopped[:1])["tasks"][0]
    yield f"task stopped: {reason_of(task.get('stoppedReason'))}"
    for container in task.get("containers", []):
        code = f"exit code {container['exitCode']}" if "exitCode" in container else ""
        reasons = ", ".join(part for part in (code, container.get("reason", "")) if part)
        if reasons:
            yield f"container {container['name']}: {reasons}"
    definition = ecs("describe_task_definition", taskDefinition=task["taskDefinitionArn"])["taskDefinition"]
    for container in definition["containerDefinitions"]:
        options = container.get("logConfiguration", {}).get("options", {})
        if "awslogs-stream-prefix" in options:
            stream = f"{options['awslogs-stream-prefix']}/{container['name']}/{task['taskArn'].rsplit('/', 1)[1]}"
            yield from _last_lines(logs, options["awslogs-group"], stream)


def _function_log(aws: AwsClient, event: StackEvent) -> Iterator[str]:
    body = aws.call("get_template", StackName=event.stack_id)["TemplateBody"]
    from tap.deploy.template import parsed  # PyYAML is needed here alone

    token = parsed(body)["Resources"][event.own_id]["Properties"]["ServiceToken"]
    function = token["Fn::GetAtt"][0] if isinstance(token, dict) else token
    if isinstance(token, dict):
        function = aws.call("describe_stack_resource", StackName=event.stack_id, LogicalResourceId=function)[
            "StackResourceDetail"]["PhysicalResourceId"]
    settings = aws.service("lambda")("get_function_configuration", FunctionName=function)
    group = settings.get("LoggingConfig", {}).get("LogGroup") or f"/aws/lambda/{settings['FunctionName']}"
    logs = aws.service("logs")
    streams = logs("describe_log_streams", logGroupName=group, orderBy="LastEventTime", descending=True, limit=1)
    yield from _last_lines(logs, group, streams["logStreams"][0]["logStreamName"])


def _last_lines(logs: Call, group: str, stream: str) -> Iterator[str]:
    events = logs("get_log_events", logGroupName=group, logStreamName=stream, limit=_LOG_LINES,
                  startFromHead=False)["events"]
    for event in events:
        yield f"log: {event['message']}"


class Witness(Observer):
    """Passes events on, and diagnoses the first resource that fails on its own while that still exists."""

    def __init__(self, aws: AwsClient, env: Environment, observer: Observer) -> None:
        """Create a witness that asks AWS through one argument and passes events on to the other."""
        self._aws, self._env, self._observer = aws, env, observer
        self.lines: list[str] | None = None

    def on_wait(self) -> None:
        """Pass the wait on."""
        self._observer.on_wait()

    def on_event(self, event: StackEvent) -> None:
        """Pass an event on, and diagnose the first failure."""
        self._observer.on_event(event)
        if self.lines is None and event.status.endswith("_FAILED") and not event.is_stack and not is_cancelled(event):
            self.lines = diagnose(self._aws, self._env, event)
