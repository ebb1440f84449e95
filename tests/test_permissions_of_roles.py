"""What the application and its helpers do, thing by thing, and that their roles allow it."""

from collections.abc import Callable

import pytest
from stack_view import StackView

Deployed = Callable[..., StackView]
SECRET = "${DatabaseCluster.MasterUserSecret.SecretArn}"
# Thing done: role, action, resource.
DOES: dict[str, tuple[str, str, str]] = {
    "pull an image: log in": ("TaskExecutionRole", "ecr:GetAuthorizationToken", "*"),
    **{f"pull an image: {action}": ("TaskExecutionRole", f"ecr:{action}", "arn:aws:ecr:*:*:repository/*")
       for action in ("BatchCheckLayerAvailability", "BatchGetImage", "GetDownloadUrlForLayer")},
    "start with the database's password": ("TaskExecutionRole", "secretsmanager:GetSecretValue", SECRET),
    "decrypt it at the start": ("TaskExecutionRole", "kms:Decrypt", "${DatabaseKey.Arn}"),
    **{f"log a line of the container: {action}": ("TaskExecutionRole", f"logs:{action}", "${ServiceLogGroup.Arn}")
       for action in ("CreateLogStream", "PutLogEvents")},
    **{f"keep sessions: {action}": ("TaskRole", f"dynamodb:{action}", "${SessionsTable.Arn}") for action in (
        "BatchGetItem", "BatchWriteItem", "ConditionCheckItem", "DeleteItem", "DescribeTable", "GetItem", "PutItem",
        "Query", "UpdateItem")},
    "list the assets": ("TaskRole", "s3:ListBucket", "${AssetsBucket.Arn}"),
    "read an asset": ("TaskRole", "s3:GetObject", "${AssetsBucket.Arn}/*"),
    "decrypt sessions and assets": ("TaskRole", "kms:Decrypt", "${DataKey.Arn}"),
    "read the password again after a rotation": ("TaskRole", "secretsmanager:GetSecretValue", SECRET),
    "decrypt it then": ("TaskRole", "kms:Decrypt", "${DatabaseKey.Arn}"),
    "log in to the database without a password": (
        "TaskRole", "rds-db:connect",
        "arn:aws:rds-db:us-east-1:123456789012:dbuser:${DatabaseCluster.DBClusterResourceId}/app"),
    **{f"trace a request: {action}": ("TaskRole", f"xray:{action}", "*")
       for action in ("PutTelemetryRecords", "PutTraceSegments")},
    "have a transaction validated": ("TaskRole", "lambda:InvokeFunction", "${ValidationAlias}"),
    "remember a transaction": ("ValidationRole", "dynamodb:PutItem", "${SessionsTable.Arn}"),
    "decrypt variables, records and failures": ("ValidationRole", "kms:Decrypt", "${DataKey.Arn}"),
    "encrypt a failure": ("ValidationRole", "kms:GenerateDataKey", "${DataKey.Arn}"),
    "put a failure away": ("ValidationRole", "sqs:SendMessage", "${ValidationFailures.Arn}"),
    **{f"log a validation: {action}": ("ValidationRole", f"logs:{action}", "${ValidationLogGroup.Arn}")
       for action in ("CreateLogStream", "PutLogEvents")},
    **{f"trace a validation: {action}": ("ValidationRole", f"xray:{action}", "*")
       for action in ("PutTelemetryRecords", "PutTraceSegments")},
}


@pytest.fixture(scope="module")
def stack(deployed: Deployed) -> StackView:
    return deployed()


@pytest.mark.parametrize("thing", DOES)
def test_whoever_does_it_may(stack: StackView, thing: str) -> None:
    role, action, resource = DOES[thing]
    assert resource in stack.grants(role)[action]


# They have no resource to name, or none that is known before.
ON_ALL = {
    "backup:CopyFromBackupVault", "ecr:GetAuthorizationToken", "elasticloadbalancing:DescribeListeners",
    "elasticloadbalancing:DescribeRules", "elasticloadbalancing:DescribeTargetGroups",
    "elasticloadbalancing:DescribeTargetHealth", "xray:PutTelemetryRecords", "xray:PutTraceSegments"}


def test_no_role_may_do_on_all_resources_what_can_be_limited(stack: StackView) -> None:
    # docs/application.md has all that each role may do, for a review to see what is new.
    roles = stack.all("AWS::IAM::Role")
    granted = {(role, action) for role in roles for action, resources in stack.grants(role).items()
               if "*" in resources or "*" in action}
    assert granted
    assert {action for _, action in granted} <= ON_ALL


def test_the_application_may_invoke_the_live_version_alone(stack: StackView) -> None:
    # Not the function's ARN, which stands for whatever was uploaded last.
    assert stack.grants("TaskRole")["lambda:InvokeFunction"] == {"${ValidationAlias}"}


@pytest.mark.parametrize(("boundary", "expected"), [
    ("", None), ("tap/boundary", "arn:aws:iam::123456789012:policy/tap/boundary")])
def test_every_role_stays_within_the_boundary_where_one_is_named(
        deployed: Deployed, boundary: str, expected: str | None) -> None:
    roles = deployed(
        PermissionsBoundary=boundary, EmptyAssetsBucketOnDelete="true", DeploymentStrategy="CANARY",
    ).all("AWS::IAM::Role")
    assert len(roles) == 8
    assert {role.get("PermissionsBoundary") for role in roles.values()} == {expected}


def test_every_policy_is_a_managed_one_of_a_roles_own(stack: StackView) -> None:
    assert not stack.all("AWS::IAM::Policy")
    for title, role in stack.all("AWS::IAM::Role").items():
        assert "Policies" not in role, title
        assert [policy.logical_id for policy in role["ManagedPolicyArns"]] == [title.replace("Role", "Policy")]
