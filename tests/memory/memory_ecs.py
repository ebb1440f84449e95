"""An ECS service in memory: its successful deployments, and tasks that run a command."""

from datetime import timedelta
from typing import Any

from memory_aws import ACCOUNT, NOON, REGION
from memory_service import MemoryService


def arn(kind: str, name: str) -> str:
    return f"arn:aws:ecs:{REGION}:{ACCOUNT}:{kind}/Cluster-1/{name}"


class MemoryEcs(MemoryService):
    """The client; `images` are those that were deployed, the latest last, each with the digest it came to."""

    service = "ecs"

    def __init__(self, *images: tuple[str, str]) -> None:
        super().__init__()
        self.images = images

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
