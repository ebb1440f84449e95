"""`tap bootstrap --repository`, over an account in memory."""

import io
import json
from typing import Any

import pytest
from memory_aws import MemoryAws
from memory_service import MemoryService, refusal
from memory_tap import Tap

from tap.bootstrap.repository import build

OUTPUTS = {
    "ArtifactBucketName": "tap-artifacts-123456789012-eu-west-1",
    "ExecutionRoleArn": "arn:aws:iam::123456789012:role/bootstrap/execution",
    "PermissionsBoundaryArn": "arn:aws:iam::123456789012:policy/bootstrap/boundary",
    "DeployerRoleArn": "arn:aws:iam::123456789012:role/bootstrap/deployer"}
STACK = "bootstrap-tap-repository-payments-web"
PROTECTED = build().to_dict()


class MemoryEcr(MemoryService):
    """Repositories by name."""

    service = "ecr"

    def __init__(self, *names: str) -> None:
        super().__init__()
        self.names = names

    def do_describe_repositories(self, repositoryNames: list[str]) -> Any:
        name, = repositoryNames
        if name not in self.names:
            raise refusal("RepositoryNotFoundException", "The repository does not exist")
        return {"repositories": [{"repositoryName": name}]}


class MemoryIam(MemoryService):
    """Without OIDC providers."""

    service = "iam"

    def do_list_open_id_connect_providers(self) -> Any:
        return {"OpenIDConnectProviderList": []}


class MemoryS3(MemoryService):
    """Without buckets."""

    service = "s3"

    def do_head_bucket(self, Bucket: str) -> Any:
        raise refusal("404", f"no {Bucket}", status=404)


@pytest.fixture
def account(tap: Tap, aws: MemoryAws) -> MemoryAws:
    (tap.root / "parameters/targets.toml").write_text('[dev]\nstack_name = "tap-dev"\n')
    tap.document = {"Resources": {}}
    tap.services |= {"ecr": MemoryEcr(), "iam": MemoryIam(), "s3": MemoryS3()}
    describe = aws.do_describe_stacks

    def describe_with_outputs(StackName: str) -> Any:
        answer = describe(StackName)
        answer["Stacks"][0]["Outputs"] = [{"OutputKey": key, "OutputValue": value} for key, value in OUTPUTS.items()]
        return answer

    aws.__dict__["do_describe_stacks"] = describe_with_outputs
    return aws


def parameters(aws: MemoryAws) -> dict[str, str]:
    return {each["ParameterKey"]: each["ParameterValue"] for each in aws.stacks[STACK].parameters}


def test_a_repository_gets_a_protected_stack_of_its_own(tap: Tap, account: MemoryAws) -> None:
    assert tap("bootstrap", "dev", "--repository", "payments/web", "--parameter", "Team=cards", "--yes") == 0

    stack = account.stacks[STACK]
    assert (stack.status, stack.protected) == ("CREATE_COMPLETE", True)
    assert json.loads(stack.template)["Resources"] == PROTECTED["Resources"]
    assert parameters(account)["RepositoryName"] == "payments/web"
    assert parameters(account)["DeployerRoleArn"] == OUTPUTS["DeployerRoleArn"]
    assert parameters(account)["Team"] == "cards"


def test_it_is_shown_before_it_is_created(
        tap: Tap, account: MemoryAws, monkeypatch: pytest.MonkeyPatch) -> None:
    assert tap("bootstrap", "dev", "--yes") == 0
    monkeypatch.setattr("sys.stdin", io.StringIO("n\n"))

    assert tap("bootstrap", "dev", "--repository", "payments/web") == 3

    assert "Repository" in tap.out
    assert STACK not in {stack.name for stack in account.stacks.values() if stack.status == "CREATE_COMPLETE"}


def test_again_it_changes_nothing(tap: Tap, account: MemoryAws) -> None:
    tap("bootstrap", "dev", "--repository", "payments/web", "--yes")
    executed = list(account.executed)

    assert tap("bootstrap", "dev", "--repository", "payments/web", "--yes") == 0

    assert f"No changes: stack {STACK}" in tap.out
    assert account.executed == executed


@pytest.mark.usefixtures("account")
def test_the_number_of_images_is_given_once(tap: Tap, aws: MemoryAws) -> None:
    tap("bootstrap", "dev", "--repository", "payments/web", "--parameter", "KeepImages=20", "--yes")
    tap("bootstrap", "dev", "--repository", "payments/web", "--parameter", "Team=cards", "--yes")

    assert parameters(aws)["KeepImages"] == "20"


@pytest.mark.parametrize("name", ["Payments", "payments:1", "x", "a" * 257])
def test_a_name_that_ecr_does_not_take_is_a_usage_error(tap: Tap, account: MemoryAws, name: str) -> None:
    assert tap("bootstrap", "dev", "--repository", name, "--yes") == 2
    assert "is not the name of an ECR repository" in tap.err
    assert account.stacks == {}


def test_a_repository_that_exists_without_its_stack_is_left_alone(tap: Tap, account: MemoryAws) -> None:
    tap.services["ecr"] = MemoryEcr("payments/web")

    assert tap("bootstrap", "dev", "--repository", "payments/web", "--yes") == 2

    assert "repository payments/web already exists, outside of any tap bootstrap stack" in tap.err
    assert STACK not in account.stacks


@pytest.mark.usefixtures("account")
def test_a_name_that_would_take_another_repositorys_stack_is_refused(tap: Tap, aws: MemoryAws) -> None:
    tap("bootstrap", "dev", "--repository", "payments/web", "--yes")

    assert tap("bootstrap", "dev", "--repository", "payments-web", "--yes") == 2

    assert f"stack {STACK} already has the repository payments/web" in tap.err
    assert parameters(aws)["RepositoryName"] == "payments/web"
