"""An ECS service in memory: its successful deployments, and tasks that run a command."""

from datetime import timedelta
from typing import Any

from memory_aws import NOON
from memory_service import ACCOUNT, REGION, MemoryService


def arn(kind: str, name: str) -> str:
    return f"arn:aws:ecs:{REGION}:{ACCOUNT}:{kind}/Cluster-1/{name}"


class MemoryEcs(MemoryService):
    """The client; `images` are those that were deployed, the latest last, each with the digest it came to."""

    service = "ecs"

    def __init__(self, *images: tuple[str, str]) -> None:
        super().__init__()
        self.images = images
        self.states: list[dict[str, Any]] = []  # of the task, one for each time that it is described

    def do_list_service_deployments(self, cluster: str, service: str, status: list[str], nextToken: str = "0") -> Any:
        assert (cluster, service, status) == ("Cluster-1", "Service-1", ["SUCCESSFUL"])
        begin = int(nextToken)
        found = [{"serviceDeploymentArn": arn("service-deployment", f"{number}"), "status": "SUCCESSFUL",
                  "targetServiceRevisionArn": arn("service-revision", f"{number}"),
                  "createdAt": NOON + timedelta(minutes=number)} for number in range(len(self.images))]
        more = {"nextToken": str(begin + 2)} if begin + 2 < len(found) else {}
        return {"serviceDeployments": found[begin:begin + 2], **more}

    def do_describe_service_revisions(self, serviceRevisionArns: list[str]) -> Any:
        found = []
        for revision in serviceRevisionArns:
            image, digest = self.images[int(revision.rpartition("/")[2])]
            found.append({"serviceRevisionArn": revision, "containerImages": [
                {"containerName": "sidecar", "image": "sidecar:1", "imageDigest": f"sha256:{'f' * 64}"},
                {"containerName": "WebApp", "image": image, "imageDigest": digest}]})
        return {"serviceRevisions": found}

    def do_describe_services(self, cluster: str, services: list[str]) -> Any:
        assert (cluster, services) == ("Cluster-1", ["Service-1"])
        return {"services": [{"taskDefinition": "tap-dev-TaskDefinition:7", "networkConfiguration": NETWORK}]}

    def do_describe_task_definition(self, taskDefinition: str) -> Any:
        return {"taskDefinition": {"taskDefinitionArn": taskDefinition, "containerDefinitions": [
            {"name": "WebApp", "logConfiguration": {"logDriver": "awslogs", "options": {
                "awslogs-group": "ServiceLogGroup-1", "awslogs-stream-prefix": "web-app"}}}]}}

    def do_run_task(self, **_request: Any) -> Any:
        return {"tasks": [{"taskArn": TASK}], "failures": []}

    def do_describe_tasks(self, cluster: str, tasks: list[str]) -> Any:
        assert (cluster, tasks) == ("Cluster-1", [TASK])
        return {"tasks": [self.states.pop(0)]}

    def do_stop_task(self, cluster: str, task: str, reason: str) -> Any:
        assert (cluster, task, bool(reason)) == ("Cluster-1", TASK, True)
        return {"task": {"taskArn": TASK}}


NETWORK = {"awsvpcConfiguration": {"subnets": ["subnet-1"], "securityGroups": ["sg-1"], "assignPublicIp": "DISABLED"}}
TASK = arn("task", "1234abcd")


def running() -> dict[str, Any]:
    return {"lastStatus": "RUNNING", "containers": [{"name": "WebApp"}]}


def stopped(**container: Any) -> dict[str, Any]:
    return {"lastStatus": "STOPPED", "stoppedReason": "Essential container in task exited",
            "containers": [{"name": "WebApp", **container}]}
