"""`tap release`: the image, and nothing else."""

import io
import json
from typing import Any

import pytest
from memory_aws import TABLE, MemoryAws, Stack
from memory_ecs import MemoryEcs
from memory_service import ACCOUNT, REGION, MemoryService, refusal
from memory_tap import Tap

from tap.deploy import releases
from tap.deploy.models import Change, ChangeSet, Detail
from tap.tasks import CONTAINER

DIGESTS = [f"sha256:{letter * 64}" for letter in "abcd"]
REPOSITORY = f"111122223333.dkr.ecr.{REGION}.amazonaws.com/app"
TEMPLATE = {"Parameters": {
    "ContainerImage": {"Type": "String", "AllowedPattern": "[a-z0-9./-]+(:[a-z0-9.]+)?(@sha256:[0-9a-f]{64})?"},
    "Password": {"Type": "String", "NoEcho": True}, "Protected": {"Type": "String"}}, "Resources": {"Table": TABLE}}


class MemoryEcr(MemoryService):
    """A repository that has the tags 1 to 4."""

    service = "ecr"

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []  # that were added

    def do_describe_images(self, registryId: str, repositoryName: str, imageIds: list[dict[str, str]]) -> Any:
        assert registryId in (ACCOUNT, "111122223333")
        assert repositoryName == "app"
        wanted, = imageIds
        for number, digest in enumerate(DIGESTS, 1):
            if wanted in ({"imageTag": f"{number}"}, {"imageDigest": digest}):
                return {"imageDetails": [{"imageDigest": digest}]}
        raise refusal("ImageNotFoundException", "The image does not exist within the repository")

    def do_batch_get_image(self, imageIds: list[dict[str, str]], acceptedMediaTypes: list[str], **_more: Any) -> Any:
        digest = DIGESTS[int(imageIds[0]["imageTag"]) - 1]
        return {"images": [{"imageId": {"imageDigest": digest}, "imageManifest": f"manifest of {digest}",
                            "imageManifestMediaType": acceptedMediaTypes[-1]}]}

    def do_put_image(self, imageTag: str, **_more: Any) -> Any:
        if imageTag in self.tags:
            raise refusal("ImageAlreadyExistsException", "The image exists")
        self.tags.append(imageTag)
        return {}


def detail(name: str, cause: str | None, source: str = "ParameterReference") -> dict[str, Any]:
    return {"Target": {"Attribute": "Properties", "Name": name, "RequiresRecreation": "Never"}, "ChangeSource": source,
            "Evaluation": "Static", **({"CausingEntity": cause} if cause else {})}


def modified(logical_id: str, *details: dict[str, Any]) -> dict[str, Any]:
    return {"Type": "Resource", "ResourceChange": {
        "Action": "Modify", "LogicalResourceId": logical_id, "ResourceType": f"AWS::ECS::{logical_id}",
        "Replacement": "False", "Scope": ["Properties"], "Details": list(details)}}


@pytest.fixture
def deployed(tap: Tap, aws: MemoryAws) -> Stack:
    """Return a stack whose service ran two images by tag; the current one was deployed twice."""
    tap.services |= {"ecr": MemoryEcr(), "ecs": MemoryEcs(
        (f"{REPOSITORY}:1", DIGESTS[0]), (f"{REPOSITORY}:2", DIGESTS[1]), (f"{REPOSITORY}:2", DIGESTS[1]))}
    aws.extra_changes = [
        modified("TaskDefinition", detail("ContainerDefinitions", "ContainerImage"),
                 detail("ContainerDefinitions", None, "DirectModification")),
        modified("Service", detail("TaskDefinition", "TaskDefinition", "ResourceReference"))]
    return aws.add(
        template=json.dumps(TEMPLATE), resources={name: (f"AWS::ECS::{name}", "CREATE_COMPLETE")
                                                  for name in ("Cluster", "Service", "TaskDefinition")},
        parameters=[{"ParameterKey": "ContainerImage", "ParameterValue": f"{REPOSITORY}:2"},
                    {"ParameterKey": "Password", "ParameterValue": "****"},
                    {"ParameterKey": "Protected", "ParameterValue": "false"}])


def request(aws: MemoryAws) -> dict[str, Any]:
    return next(request for name, request in aws.requests if name == "create_change_set")


def test_a_release_sends_the_image_alone(tap: Tap, aws: MemoryAws, deployed: Stack) -> None:
    assert tap("release", "dev", f"{REPOSITORY}:3", "--yes") == 0
    assert {**request(aws), "ChangeSetName": "", "ClientToken": "", "Description": ""} == {
        "StackName": "tap-dev", "ChangeSetName": "", "ClientToken": "", "Description": "", "ChangeSetType": "UPDATE",
        "UsePreviousTemplate": True, "Capabilities": ["CAPABILITY_IAM"], "Tags": [], "Parameters": [
            {"ParameterKey": "ContainerImage", "ParameterValue": f"{REPOSITORY}:3"},
            {"ParameterKey": "Password", "UsePreviousValue": True},
            {"ParameterKey": "Protected", "UsePreviousValue": True}]}
    assert deployed.parameters[0]["ParameterValue"] == f"{REPOSITORY}:3"


@pytest.mark.usefixtures("deployed")
def test_a_release_shows_both_digests_and_the_way_back(tap: Tap) -> None:
    assert tap("release", "dev", f"{REPOSITORY}:3", "--yes") == 0
    assert f"Image   {REPOSITORY}:2 → {REPOSITORY}:3\nDigest  {DIGESTS[1]} → {DIGESTS[2]}\n" in tap.out
    assert tap.out.endswith(f"To go back: tap release dev --root {tap.root} --previous\n")


def test_the_previous_image_is_the_one_that_ran_before_by_its_digest(tap: Tap, deployed: Stack) -> None:
    assert tap("release", "dev", "--previous", "--yes") == 0
    assert deployed.parameters[0]["ParameterValue"] == f"{REPOSITORY}:1@{DIGESTS[0]}"


@pytest.mark.usefixtures("deployed")
def test_without_a_record_of_an_earlier_image_one_has_to_be_named(tap: Tap, aws: MemoryAws) -> None:
    tap.services["ecs"].images = tap.services["ecs"].images[1:]

    assert tap("release", "dev", "--previous") == 2
    assert "ECS has no record of an earlier image of stack tap-dev" in tap.err
    assert "create_change_set" not in aws.calls


@pytest.mark.parametrize(("arguments", "problem"), [
    ([], "image is missing: name one, or use --previous"), (["app:1", "--previous"], "image is missing: name one, or "
                                                                                     "use --previous"),
    (["App"], 'the image cannot be "App"'), ([f"{REPOSITORY}:9"], "does not exist")])
@pytest.mark.usefixtures("deployed")
def test_bad_input_is_refused_before_anything_is_made(
        tap: Tap, aws: MemoryAws, arguments: list[str], problem: str) -> None:
    assert tap("release", "dev", *arguments) == 2
    assert problem in tap.err
    assert "create_change_set" not in aws.calls


def test_there_is_nothing_to_release_to_where_there_is_no_stack(tap: Tap) -> None:
    assert tap("release", "dev", "app:1") == 2
    assert "stack tap-dev does not exist" in tap.err


def test_a_protected_environment_takes_digests_alone(tap: Tap, deployed: Stack) -> None:
    deployed.parameters[2]["ParameterValue"] = "true"

    assert tap("release", "dev", f"{REPOSITORY}:3", "--yes") == 4
    assert f"tap release dev --root {tap.root} {REPOSITORY}:3@{DIGESTS[2]}" in tap.err
    assert tap("release", "dev", f"{REPOSITORY}:3@{DIGESTS[2]}", "--yes") == 0


def test_a_release_is_refused_where_more_would_change(tap: Tap, aws: MemoryAws, deployed: Stack) -> None:
    aws.extra_changes.append(modified("Cluster", detail("ClusterSettings", "LogRetentionDays")))

    assert tap("release", "dev", f"{REPOSITORY}:3", "--yes") == 4
    assert "more than the image would change: Cluster. Review it with: tap plan dev" in tap.err
    assert (aws.executed, tap.left()) == ([], [])
    assert deployed.parameters[0]["ParameterValue"] == f"{REPOSITORY}:2"


def test_another_template_than_the_deployed_one_is_not_released(tap: Tap, aws: MemoryAws, deployed: Stack) -> None:
    def replace_template() -> None:
        deployed.template = json.dumps({**TEMPLATE, "Resources": {}})

    aws.hooks["create_change_set"] = replace_template

    assert tap("release", "dev", f"{REPOSITORY}:3", "--yes") == 4
    assert "does not contain the template that was sent" in tap.err
    assert aws.executed == []


@pytest.mark.usefixtures("deployed")
def test_the_same_image_is_no_change(tap: Tap) -> None:
    assert tap("release", "dev", f"{REPOSITORY}:2", "--yes") == 0
    assert "No changes" in tap.out


@pytest.mark.usefixtures("deployed")
def test_an_image_of_another_registry_is_released_without_its_digest(tap: Tap) -> None:
    assert tap("release", "dev", "registry.example/app:1", "--yes") == 0
    assert f"Digest  {DIGESTS[1]} → not known" in tap.out


OWN = REPOSITORY.replace("111122223333", ACCOUNT)


@pytest.mark.usefixtures("deployed")
def test_an_image_is_tagged_as_deployed_before_it_is_and_only_once(tap: Tap, aws: MemoryAws) -> None:
    at = []
    ecr = tap.services["ecr"]
    aws.hooks["execute_change_set"] = lambda: at.append(list(ecr.tags))

    assert tap("release", "dev", f"{OWN}:3", "--yes") == 0
    assert tap("release", "dev", f"{REPOSITORY}:2", "--yes") == 0
    assert tap("release", "dev", f"{OWN}:3", "--yes") == 0

    assert at == [[f"deployed-{'c' * 12}"]]
    assert ecr.tags == [f"deployed-{'c' * 12}"]
    assert "warning" not in tap.out


@pytest.mark.usefixtures("deployed")
def test_a_declined_release_tags_nothing(tap: Tap, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("n\n"))

    assert tap("release", "dev", f"{OWN}:3") == 3
    assert "put_image" not in tap.services["ecr"].calls


@pytest.mark.usefixtures("deployed")
def test_an_image_that_cannot_be_tagged_is_released_with_a_warning(tap: Tap) -> None:
    tap.services["ecr"].faults["put_image"] = [("before", refusal("AccessDeniedException", "not authorized"))]

    assert tap("release", "dev", f"{OWN}:3", "--yes") == 0
    assert f"warning: image {OWN}:3 cannot be tagged as deployed and may expire: " in tap.out


@pytest.mark.usefixtures("deployed")
def test_another_accounts_image_is_not_tagged(tap: Tap) -> None:
    assert tap("release", "dev", f"{REPOSITORY}:3", "--yes") == 0
    assert "batch_get_image" not in tap.services["ecr"].calls


def change(logical_id: str, *details: Detail, action: str = "Modify") -> Change:
    return Change(action, logical_id, None, "AWS::ECS::Service", "False", details=details)


def caused(name: str, cause: str | None) -> Detail:
    return Detail("Properties", name, cause=cause)


@pytest.mark.parametrize(("changes", "others"), [
    ([change("B", caused("X", "A")), change("A", caused("X", "ContainerImage"))], []),
    ([change("C", caused("X", "B.Arn")), change("B", caused("X", "A")), change("A", caused("X", "ContainerImage"))],
     []),
    ([change("A", caused("X", "ContainerImage"), caused("Y", None))], ["A"]),
    ([change("A", caused("X", "ContainerImage"), caused("X", "MinTasks"))], ["A"]),
    ([change("A", caused("X", None))], ["A"]), ([change("A")], ["A"]),
    ([change("A", caused("X", "ContainerImage"), action="Remove")], ["A"]),
    ([change("B", caused("X", "A"))], ["B"])])
def test_what_follows_from_the_image_is_told_from_what_does_not(changes: list[Change], others: list[str]) -> None:
    assert releases.others_than_image(ChangeSet("", "", "UPDATE", "", tuple(changes))) == others


def test_the_parameter_and_the_container_are_the_templates(template: dict[str, Any]) -> None:
    assert releases.IMAGE in template["Parameters"]
    assert releases.CONTAINER == CONTAINER
