"""Requests that the roles of the bootstrap stack may make, and those that they may not."""

import pytest
from evaluation import allows
from stack_view import StackView, statements_of

from tap.bootstrap.template import SAMPLES, build
from tap.database import IAM_USER
from tap.deploy.artifacts import PLANS
from tap.template.resolve import resolve

STACK = StackView(resolve(build().to_dict(), {**SAMPLES["made"], **SAMPLES["given"]}, stack_name="bootstrap-tap"))
REGION, ACCOUNT = "us-east-1", "123456789012"
OURS = {"aws:ResourceTag/Application": "transaction-processing"}
BOUND = {"iam:PermissionsBoundary": "${PermissionsBoundary}"}
BUCKET = "${ArtifactBucket.Arn}"


def arn(service: str, rest: str, *, region: str = REGION, account: str = ACCOUNT) -> str:
    return f"arn:aws:{service}:{region}:{account}:{rest}"


def iam(rest: str) -> str:
    return arn("iam", rest, region="")


VPC, KEY = arn("ec2", "vpc/vpc-1"), arn("kms", "key/1")
ROLE, POLICY = iam("role/tap-dev-TaskRole-1"), iam("policy/tap-dev-TaskPolicy-1")


@pytest.mark.parametrize(("action", "resource", "context"), [
    ("lambda:CreateFunction", arn("lambda", "function:tap-dev-ValidationFunction-1"), {}),
    ("rds:CreateDBInstance", arn("rds", "db:tap-dev-databasewriter-1"), {}),
    ("rds:CreateDBInstance", arn("rds", "pg:default.aurora-postgresql17"), {}),
    ("elasticloadbalancing:ModifyListener", arn("elasticloadbalancing", "listener/app/tap-d-LoadB-1/1/2"), {}),
    ("ecs:UpdateService", arn("ecs", "service/tap-dev-Cluster-1/tap-dev-Service-1"), {}),
    # A service that sleeps at night.
    ("application-autoscaling:PutScheduledAction", arn("application-autoscaling", "scalable-target/1"), {}),
    ("s3:PutBucketPolicy", "arn:aws:s3:::tap-dev-assetsbucket-1", {}),
    # A distribution that keeps its logs in the bucket.
    ("s3:PutBucketAcl", "arn:aws:s3:::tap-prod-logsbucket-1", {}),
    ("ec2:CreateVpc", VPC, {}),
    ("ec2:CreateTags", VPC, {"ec2:CreateAction": "CreateVpc"}),
    ("ec2:CreateTags", VPC, OURS),
    ("ec2:DeleteVpc", VPC, OURS),
    ("kms:ScheduleKeyDeletion", KEY, OURS),
    ("kms:CreateGrant", KEY, {**OURS, "kms:GrantIsForAWSResource": "true"}),
    # The tag of a key that was made minutes ago does not count yet.
    ("kms:CreateGrant", KEY, {"kms:GrantIsForAWSResource": "true"}),
    ("kms:GenerateDataKey", KEY, {**OURS, "kms:ViaService": "secretsmanager.us-east-1.amazonaws.com"}),
    ("iam:CreateRole", ROLE, BOUND),
    ("iam:AttachRolePolicy", ROLE, BOUND),
    ("iam:DeleteRole", ROLE, BOUND),
    ("iam:CreatePolicyVersion", POLICY, {}),
    ("iam:PassRole", ROLE, {"iam:PassedToService": "ecs-tasks.amazonaws.com"}),
    ("iam:CreateServiceLinkedRole", iam("role/aws-service-role/ecs.amazonaws.com/AWSServiceRoleForECS"),
     {"iam:AWSServiceName": "ecs.amazonaws.com"}),
    ("s3:GetObject", f"{BUCKET}/template", {}),
])
def test_the_execution_role_may(action: str, resource: str, context: dict[str, str]) -> None:
    assert allows(STACK.statements("ExecutionRole"), action, resource, context)


@pytest.mark.parametrize(("action", "resource", "context"), [
    # What is another team's.
    ("lambda:DeleteFunction", arn("lambda", "function:payroll"), {}),
    ("lambda:DeleteFunction", arn("lambda", "function:tap-dev-1", region="eu-west-1"), {}),
    ("rds:DeleteDBCluster", arn("rds", "cluster:payroll"), {}),
    ("s3:DeleteBucket", "arn:aws:s3:::payroll", {}),
    ("ec2:DeleteVpc", VPC, {}),
    ("ec2:DeleteVpc", VPC, {"aws:ResourceTag/Application": "payroll"}),
    ("ec2:CreateTags", VPC, {}),
    ("ec2:CreateTags", VPC, {"ec2:CreateAction": "RunInstances"}),
    ("kms:ScheduleKeyDeletion", KEY, {}),
    ("kms:EnableKeyRotation", KEY, {"aws:ResourceTag/Application": "payroll"}),
    ("kms:CreateGrant", KEY, {"aws:ResourceTag/Application": "payroll", "kms:GrantIsForAWSResource": "true"}),
    ("kms:TagResource", KEY, {"aws:ResourceTag/Application": "payroll",
                              "aws:RequestTag/Application": "transaction-processing"}),
    ("ec2:RevokeSecurityGroupEgress", arn("ec2", "security-group/sg-1"), {"aws:ResourceTag/Application": "payroll"}),
    # What a key guards, but for a service.
    ("kms:Decrypt", KEY, OURS),
    ("kms:CreateGrant", KEY, OURS),
    # More than the boundary.
    ("iam:CreateRole", ROLE, {}),
    ("iam:CreateRole", ROLE, {"iam:PermissionsBoundary": "arn:aws:iam::aws:policy/AdministratorAccess"}),
    ("iam:AttachRolePolicy", ROLE, {}),
    ("iam:PutRolePolicy", ROLE, {}),
    # Roles that others made, without the boundary.
    ("iam:DeleteRole", ROLE, {}),
    ("iam:UpdateAssumeRolePolicy", ROLE, {}),
    ("iam:UpdateRole", ROLE, {}),
    ("iam:DeleteRolePermissionsBoundary", ROLE, BOUND),
    ("iam:PutRolePermissionsBoundary", ROLE, {"iam:PermissionsBoundary": POLICY}),
    # What limits it.
    ("iam:CreatePolicyVersion", iam("policy/bootstrap/bootstrap-tap-PermissionsBoundary-1"), {}),
    ("iam:CreatePolicyVersion", iam("policy/bootstrap/bootstrap-tap-ExecutionPolicy1-1"), {}),
    ("iam:AttachRolePolicy", iam("role/bootstrap/bootstrap-tap-ExecutionRole-1"), BOUND),
    ("iam:UpdateAssumeRolePolicy", iam("role/bootstrap/bootstrap-tap-DeployerRole-1"), {}),
    ("s3:PutObject", f"{BUCKET}/template", {}),
    ("s3:DeleteBucketPolicy", "arn:aws:s3:::tap-artifacts-123456789012-us-east-1", {}),
    ("s3:DeleteBucketPolicy", "arn:aws:s3:::tap-artifacts-123456789012-eu-west-1", {}),
    # Roles of others, and others who would get its own.
    ("iam:PassRole", iam("role/Administrator"), {"iam:PassedToService": "lambda.amazonaws.com"}),
    ("iam:PassRole", ROLE, {"iam:PassedToService": "ec2.amazonaws.com"}),
    ("iam:PassRole", ROLE, {}),
    ("iam:CreateServiceLinkedRole", iam("role/aws-service-role/guardduty.amazonaws.com/x"),
     {"iam:AWSServiceName": "guardduty.amazonaws.com"}),
    ("iam:CreateUser", iam("user/tap-somebody"), {}),
    ("sts:AssumeRole", ROLE, {}),
])
def test_the_execution_role_may_not(action: str, resource: str, context: dict[str, str]) -> None:
    assert not allows(STACK.statements("ExecutionRole"), action, resource, context)


SECRET = arn("secretsmanager", "secret:rds!cluster-1-a")
BOUNDARY = statements_of(STACK.properties("PermissionsBoundary")["PolicyDocument"])


@pytest.mark.parametrize(("action", "resource", "context", "may"), [
    ("secretsmanager:GetSecretValue", SECRET,
     {"secretsmanager:ResourceTag/aws:rds:primaryDBClusterArn": arn("rds", "cluster:tap-dev-databasecluster-1")}, True),
    ("secretsmanager:GetSecretValue", SECRET,
     {"secretsmanager:ResourceTag/aws:rds:primaryDBClusterArn": arn("rds", "cluster:payroll")}, False),
    ("secretsmanager:GetSecretValue", SECRET, {}, False),
    ("rds-db:connect", arn("rds-db", "dbuser:cluster-1/app"), {}, True),
    ("rds-db:connect", arn("rds-db", "dbuser:cluster-1/postgres"), {}, False),
    ("s3:PutObject", "arn:aws:s3:::tap-dev-assetsbucket-1/index.html", {}, True),
    ("s3:PutObject", f"arn:aws:s3:::tap-artifacts-{ACCOUNT}-{REGION}/template", {}, False),
    ("s3:ListBucket", f"arn:aws:s3:::tap-artifacts-{ACCOUNT}-eu-west-1", {}, False),
    # The file of variables is there; it may be in any bucket.
    ("s3:GetObject", f"arn:aws:s3:::tap-artifacts-{ACCOUNT}-{REGION}/variables/0.env", {}, True),
    ("s3:GetObject", "arn:aws:s3:::payments-settings/pay.env", {}, True),
    ("s3:GetObject", "arn:aws:s3:::payments-settings/pay.csv", {}, False),
    ("secretsmanager:GetSecretValue", arn("secretsmanager", "secret:pay-AbCdEf"),
     {"secretsmanager:ResourceTag/Application": "transaction-processing"}, True),
    ("secretsmanager:GetSecretValue", arn("secretsmanager", "secret:pay-AbCdEf"),
     {"secretsmanager:ResourceTag/Application": "payroll"}, False),
    ("backup:TagResource", arn("backup", "recovery-point:1"), {}, True),
    ("backup:TagResource", arn("backup", "backup-vault:tap-1"), {}, False),
    # Backups create grants on the stacks' keys and on those of copies, which other accounts have.
    ("kms:CreateGrant", KEY, {**OURS, "kms:GrantIsForAWSResource": "true"}, True),
    ("kms:CreateGrant", KEY, OURS, False),
    ("ecs:RunTask", arn("ecs", "task-definition/tap-dev-TaskDefinition-1:1"), {}, True),
    ("ecs:RunTask", arn("ecs", "task-definition/payroll:1"), {}, False),
    ("iam:PassRole", ROLE, {"iam:PassedToService": "ecs-tasks.amazonaws.com"}, True),
    ("iam:PassRole", ROLE, {"iam:PassedToService": "lambda.amazonaws.com"}, False),
    ("iam:PassRole", iam("role/Administrator"), {"iam:PassedToService": "ecs-tasks.amazonaws.com"}, False),
])
def test_the_boundary_caps_what_the_stacks_roles_may(
        action: str, resource: str, context: dict[str, str], may: bool) -> None:
    assert allows(BOUNDARY, action, resource, context) is may


def test_the_boundary_caps_connections_to_the_user_that_the_template_connects_as() -> None:
    assert allows(BOUNDARY, "rds-db:connect", arn("rds-db", f"dbuser:cluster-1/{IAM_USER}"), {})


TAP = arn("cloudformation", "stack/tap-prod/1")
TO_CLOUDFORMATION = {"iam:PassedToService": "cloudformation.amazonaws.com"}


@pytest.mark.parametrize(("role", "action", "resource", "context", "may"), [
    ("DeployerRole", "cloudformation:ExecuteChangeSet", TAP, {}, True),
    ("PlannerRole", "cloudformation:CreateChangeSet", TAP, {}, True),
    ("PlannerRole", "cloudformation:ExecuteChangeSet", TAP, {}, False),
    ("PlannerRole", "cloudformation:DeleteStack", TAP, {}, False),
    ("DeployerRole", "cloudformation:DeleteStack", arn("cloudformation", "stack/bootstrap-tap/1"), {}, False),
    ("PlannerRole", "cloudformation:CreateChangeSet", arn("cloudformation", "stack/bootstrap-tap/1"), {}, False),
    ("DeployerRole", "iam:PassRole", "${ExecutionRole.Arn}", TO_CLOUDFORMATION, True),
    ("DeployerRole", "iam:PassRole", "${ExecutionRole.Arn}", {"iam:PassedToService": "lambda.amazonaws.com"}, False),
    ("DeployerRole", "iam:PassRole", ROLE, TO_CLOUDFORMATION, False),
    ("DeployerRole", "s3:PutObject", f"{BUCKET}/0a1b", {}, True),
    # A pull request's code runs as this one, and must not replace what a deployment reads.
    ("PlannerRole", "s3:PutObject", f"{BUCKET}/{PLANS}0a1b", {}, True),
    ("PlannerRole", "s3:PutObject", f"{BUCKET}/0a1b", {}, False),
    ("PlannerRole", "s3:GetObject", f"{BUCKET}/0a1b", {}, False),
    # To show which variables change.
    ("PlannerRole", "s3:GetObject", f"{BUCKET}/variables/0a1b.env", {}, True),
    ("PlannerRole", "s3:PutObject", f"{BUCKET}/variables/0a1b.env", {}, False),
    ("DeployerRole", "s3:PutObject", "arn:aws:s3:::tap-dev-assetsbucket-1/index.html", {}, False),
    ("DeployerRole", "ecs:ListTasks", "*", {"ecs:cluster": arn("ecs", "cluster/tap-dev-Cluster-1")}, True),
    ("DeployerRole", "ecs:ListTasks", "*", {"ecs:cluster": arn("ecs", "cluster/payroll")}, False),
    ("DeployerRole", "lambda:CreateFunction", arn("lambda", "function:tap-dev-1"), {}, False),
])
def test_who_deploys_and_who_plans(role: str, action: str, resource: str, context: dict[str, str], may: bool) -> None:
    assert allows(STACK.statements(role), action, resource, context) is may
