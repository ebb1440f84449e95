"""Custom::Migration: run a task of TaskDefinition, and succeed once it has exited with 0.

The service depends on it, so a version whose migration fails never starts. It may take 55 minutes: before its own
timeout, the function invokes itself to keep waiting.
"""

import json
import time
import urllib.request
from typing import Any

PAUSE = 10  # seconds between polls of the task
# Seconds; CloudFormation waits for 3,600. This takes five invocations; Lambda stops a chain of about sixteen.
# https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-cloudformation-customresource.html
# https://docs.aws.amazon.com/lambda/latest/dg/invocation-recursion.html
LONGEST = 3300
MARGIN = 180_000  # milliseconds: a pause, three AWS calls with all retries (39 s each), and the response (18 s)


def _client(service: str) -> Any:
    import boto3
    from botocore.config import Config

    retries = {"mode": "standard", "total_max_attempts": 3}
    return boto3.client(service, config=Config(connect_timeout=2, read_timeout=10, retries=retries))


def _send(url: str, answer: bytes, sleep: Any = time.sleep) -> None:
    for pause in 0, 1, 2:
        sleep(pause)
        try:
            # CloudFormation's presigned URL requires an empty Content-Type.
            request = urllib.request.Request(url, answer, {"Content-Type": ""}, method="PUT")
            urllib.request.urlopen(request, timeout=5).close()
            return
        except Exception as e:
            # Not the message, which may contain the URL: it is a secret.
            error = type(e).__name__
    raise RuntimeError(f"cannot send the response to CloudFormation: {error}")


def _start(event: Any, ecs: Any) -> str:
    wanted = event["ResourceProperties"]
    response = ecs.run_task(
        cluster=wanted["Cluster"], taskDefinition=wanted["TaskDefinition"], launchType="FARGATE",
        # Lambda may invoke the function twice for one request.
        clientToken=event["RequestId"], startedBy="migration", propagateTags="TASK_DEFINITION",
        networkConfiguration={"awsvpcConfiguration": {
            "subnets": wanted["Subnets"], "securityGroups": wanted["SecurityGroups"], "assignPublicIp": "DISABLED"}})
    if response["failures"]:
        raise RuntimeError(f"ECS did not start the migration: {response['failures'][0].get('reason')}")
    return str(response["tasks"][0]["taskArn"])


def _rolls_back(event: Any, client: Any) -> bool:
    stack = client("cloudformation").describe_stacks(StackName=event["StackId"])["Stacks"][0]
    return "ROLLBACK" in stack["StackStatus"]


def _wait(event: Any, context: Any, client: Any, clock: Any, sleep: Any) -> Any:
    """Return the task once it has stopped; None if another invocation keeps waiting."""
    ecs, cluster = client("ecs"), event["ResourceProperties"]["Cluster"]
    while clock() < event["Deadline"]:
        # A task that has just started may not be listed yet.
        tasks = ecs.describe_tasks(cluster=cluster, tasks=[event["Task"]])["tasks"]
        if tasks and tasks[0]["lastStatus"] == "STOPPED":
            return tasks[0]
        if _rolls_back(event, client):
            raise RuntimeError("the update was cancelled")
        if context.get_remaining_time_in_millis() <= MARGIN:
            client("lambda").invoke(FunctionName=context.invoked_function_arn, InvocationType="Event",
                                    Payload=json.dumps(event).encode())
            return None
        sleep(PAUSE)
    raise TimeoutError("the migration took more than 55 minutes: split it, and run the long part after the release")


def _result(task: Any, name: str) -> str:
    container = next(item for item in task["containers"] if item["name"] == name)
    number = task["taskArn"].rpartition("/")[2]
    if "exitCode" not in container:
        raise RuntimeError(f"the migration never ran: {container.get('reason') or task.get('stoppedReason')}")
    if container["exitCode"] != 0:
        raise RuntimeError(f"the migration exited with {container['exitCode']}; see the log of task {number}")
    return f"Task {number} migrated"


def _migrate(event: Any, context: Any, client: Any, clock: Any, sleep: Any) -> str | None:
    """Return what was done; None if another invocation continues."""
    if event["RequestType"] == "Delete":
        return "Nothing to migrate"
    ecs = client("ecs")
    if "Task" not in event:
        # The database already has the new version's schema, which the old version's migration does not know.
        if _rolls_back(event, client):
            return "Nothing to migrate: the stack rolls back"
        event |= {"Task": _start(event, ecs), "Deadline": clock() + LONGEST}
    try:
        task = _wait(event, context, client, clock, sleep)
    except Exception:
        ecs.stop_task(cluster=event["ResourceProperties"]["Cluster"], task=event["Task"], reason="migration given up")
        raise
    return _result(task, event["ResourceProperties"]["Container"]) if task else None


def handler(event: Any, context: Any, client: Any = _client, send: Any = _send, clock: Any = time.time,
            sleep: Any = time.sleep) -> None:
    """Always send SUCCESS or FAILED to CloudFormation; raise only if no response can be delivered."""
    answer = {key: event[key] for key in ("StackId", "RequestId", "LogicalResourceId")}
    # Never changes: a new id would mean a replacement.
    answer["PhysicalResourceId"] = event["LogicalResourceId"]
    try:
        status, reason = "SUCCESS", _migrate(event, context, client, clock, sleep)
        if reason is None:
            return
    except Exception as e:
        status, reason = "FAILED", f"{type(e).__name__}: {e}"
    answer |= {"Status": status, "Reason": reason.encode("ascii", "replace").decode()[:500]}
    body = json.dumps(answer)
    print(body)
    send(event["ResponseURL"], body.encode())
