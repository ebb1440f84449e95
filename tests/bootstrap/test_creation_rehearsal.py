"""What CloudFormation, and the stack's roles, request in a stack's life is allowed: see creation.py.

Each fault that was once in the permissions is put back in turn, and has to be found.
"""

import copy
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from creation import Life, Request, refused
from iam_facts import FACTS, KNOWN
from physical_names import Names
from stack_view import ENVIRONMENTS, EXISTING_VPC, StackView, as_list, statements_of

from tap.bootstrap.template import SAMPLES
from tap.bootstrap.template import build as build_bootstrap
from tap.publishing.template import build as build_catalog
from tap.stack import build as build_stack
from tap.template.resolve import resolve

STACK: dict[str, Any] = build_stack().to_dict()
BOOTSTRAP: dict[str, Any] = build_bootstrap().to_dict()
CATALOG: dict[str, Any] = build_catalog().to_dict()
CERTIFICATE = "arn:aws:acm:us-east-1:123456789012:certificate/1"
EVERYTHING = {
    "ProbeUrl": "https://www.example.com/",
    "Environment": "test", "NatGateways": "one-per-az", "InterfaceEndpoints": "true", "AlertEmail": "ops@payments.test",
    "MigrationCommand": "python migrate.py", "WorkerCommand": "python worker.py", "WorkerQueue": "true",
    "JobCommand": "python job.py",
    "EmptyAssetsBucketOnDelete": "true", "DomainName": "pay.payments.test", "HostedZoneId": "Z1",
    "CdnDomainName": "cdn.payments.test", "CdnCertificateArn": CERTIFICATE, "DeploymentStrategy": "CANARY",
    "CdnWebAclArn": "arn:aws:wafv2:us-east-1:123456789012:global/webacl/cdn/1", "MonthlyBudget": "1",
    "DatabaseInstanceClass": "db.t4g.medium", "PermissionsBoundary": "bounds", "DatabaseAudit": "true",
    "BackupCopyVaultArn": "arn:aws:backup:eu-west-1:210987654321:backup-vault:copies", "BackupVaultLock": "true",
    "DatabaseSnapshot": "before-migration", "SleepSchedule": "cron(0 20 * * ? *)",
    "WakeSchedule": "cron(0 6 * * ? *)"}
LAUNCHED = "SC-123456789012-pp-abcdefghijklm"  # as Service Catalog names a stack


def stack(template: Mapping[str, Any], name: str) -> StackView:
    return StackView(resolve(template, EVERYTHING, stack_name=name))


def bootstrap(template: Mapping[str, Any]) -> StackView:
    return StackView(resolve(template, {**SAMPLES["made"], **SAMPLES["given"]}, stack_name="bootstrap-tap"))


def life(view: StackView) -> Life:
    return Life(Names(view, "tap-test"), "${PermissionsBoundary}")


def deployed(stack: Life, account: StackView) -> list[str]:
    """What is refused in the life of a stack that `tap` deploys into an account."""
    return _rehearsed(stack, account, "ExecutionRole", "PermissionsBoundary")


def launched(stack: Life, catalog: StackView) -> list[str]:
    """What is refused in the life of a stack that Service Catalog launches."""
    arn = f"arn:aws:cloudformation:us-east-1:123456789012:stack/{LAUNCHED}/1"
    own = [Request("launch", "stack", action, arn) for fact in FACTS["launch"] for action in fact["actions"]]
    return [*refused(own, catalog.statements("LaunchRole")),
            *_rehearsed(stack, catalog, "LaunchRole", "LaunchBoundary")]


def _rehearsed(stack: Life, account: StackView, role: str, boundary: str) -> list[str]:
    limit = statements_of(account.properties(boundary)["PolicyDocument"])
    return [*refused(stack.requests, account.statements(role)),
            *(each for title, request in stack.as_roles()
              for each in refused([request], limit, stack.view.statements(title) if _is_fact(request) else limit))]


def _is_fact(request: Request) -> bool:
    return any(request.action == fact["action"] for fact in FACTS["as_role"])


ACCOUNT, LAUNCHES = bootstrap(BOOTSTRAP), StackView(resolve(CATALOG, {"TemplateUrl": "https://x.test/t"}))
WHOLE = life(stack(STACK, "tap-test"))
WHOLE_LAUNCH = Life(Names(stack(STACK, LAUNCHED), LAUNCHED), "${LaunchBoundary}")


@pytest.mark.parametrize("name", ENVIRONMENTS)
def test_everything_that_an_environment_takes_in_its_life_is_allowed(
        name: str, environments: dict[str, StackView]) -> None:
    assert deployed(life(environments[name]), ACCOUNT) == []


def test_everything_that_a_stack_with_every_resource_takes_is_allowed() -> None:
    assert deployed(WHOLE, ACCOUNT) == []


def test_everything_that_a_launched_stack_takes_is_allowed() -> None:
    assert launched(WHOLE_LAUNCH, LAUNCHES) == []


def test_everything_that_a_stack_in_an_existing_vpc_takes_is_allowed() -> None:
    view = StackView(resolve(STACK, {**EVERYTHING, **EXISTING_VPC}, stack_name="tap-test"))
    assert deployed(life(view), ACCOUNT) == []


def test_every_resource_type_is_rehearsed(environments: dict[str, StackView]) -> None:
    rehearsed = {entry["Type"] for view in (WHOLE.view, *environments.values())
                 for entry in view.resolved.resources.values()}
    assert rehearsed == {entry["Type"] for entry in STACK["Resources"].values()}


def test_every_request_is_one_of_an_action_that_iam_knows() -> None:
    actions = {each.action for each in WHOLE.requests}
    assert len(actions) > 400
    assert [each for each in actions
            if each.partition(":")[2].lower() not in KNOWN[each.partition(":")[0]]["Actions"]] == []


@pytest.mark.parametrize("fact", [
    pytest.param(fact, id=str(number)) for number, fact in enumerate(
        [*FACTS["on"].values(), *FACTS["calls"], *FACTS["tags_late"], FACTS["tag_updates"], *FACTS["as_role"],
         *FACTS["launch"]])])
def test_each_fact_has_its_source_and_its_evidence(fact: dict[str, Any]) -> None:
    assert fact["source"].startswith(("https://docs.aws.amazon.com/", "https://github.com/"))
    assert fact["evidence"] in ("documented", "observed", "likely")


# Faults, put back


Change = Callable[[dict[str, Any]], None]
ALARMS = "arn:aws:cloudwatch:us-east-1:123456789012:alarm:tap-*"
TASK_DEFINITIONS = "arn:aws:ecs:us-east-1:123456789012:task-definition/tap-*"
BY_TAG = {"StringEquals": {"aws:ResourceTag/Application": "transaction-processing"}}


def without(*actions: str, by_tag_alone: bool = False, title: str = "Policy") -> Change:
    """Take actions out of the policies whose title has `title`, or out of what is allowed by a resource's tag."""

    def change(template: dict[str, Any]) -> None:
        for statement in _allowing(template, title):
            if not by_tag_alone or "aws:ResourceTag/Application" in statement.get("Condition", {}).get(
                    "StringEquals", {}):
                statement["Action"] = [each for each in as_list(statement["Action"]) if each not in actions]

    return change


def limited(*actions: str, resource: str = "*", condition: Mapping[str, Any] | None = None) -> Change:
    """Allow actions on a resource, or under a condition, and not otherwise."""

    def change(template: dict[str, Any]) -> None:
        without(*actions)(template)
        statement: dict[str, Any] = {"Effect": "Allow", "Action": list(actions), "Resource": resource}
        first = next(title for title in template["Resources"] if title.endswith("Policy1"))
        template["Resources"][first]["Properties"]["PolicyDocument"]["Statement"].append(
            statement | ({"Condition": condition} if condition else {}))

    return change


def _allowing(template: Mapping[str, Any], title: str) -> list[dict[str, Any]]:
    return [statement for name, entry in template["Resources"].items()
            if entry["Type"] == "AWS::IAM::ManagedPolicy" and title in name
            for statement in as_list(entry["Properties"]["PolicyDocument"]["Statement"])
            if statement.get("Effect") == "Allow" and "Action" in statement]


GROUP_RULES = ("ec2:AuthorizeSecurityGroupEgress", "ec2:AuthorizeSecurityGroupIngress",
               "ec2:RevokeSecurityGroupEgress")
SINGLE_TAGS = ("kms:TagResource", "wafv2:TagResource", "cloudfront:TagResource", "backup:TagResource",
               "acm:AddTagsToCertificate")
READS = (
    "backup:GetBackupVaultAccessPolicy", "dynamodb:DescribeKinesisStreamingDestination",
    "ec2:DescribeVpcEncryptionControls", "ec2:DescribeVpnGateways", "elasticloadbalancing:DescribeCapacityReservation",
    "kms:ListAliases", "lambda:GetFunctionCodeSigningConfig", "lambda:GetFunctionScalingConfig",
    "logs:DescribeIndexPolicies", "logs:GetDataProtectionPolicy", "rds:DescribeGlobalClusters",
    "s3:GetBucketMetadataTableConfiguration", "sns:GetDataProtectionPolicy")
FRESH_KEYS = ("kms:CreateAlias", "kms:DescribeKey", "kms:EnableKeyRotation", "kms:GetKeyPolicy",
              "kms:GetKeyRotationStatus", "kms:ListResourceTags")
FAULTS: dict[str, tuple[str, Change]] = {
    "composite alarms by name": (
        "cloudwatch:PutCompositeAlarm", limited("cloudwatch:PutCompositeAlarm", resource=ALARMS)),
    "task definitions by name": (
        "ecs:RegisterTaskDefinition", limited("ecs:RegisterTaskDefinition", resource=TASK_DEFINITIONS)),
    "the ACL of a resource by tag": (
        "wafv2:GetWebACLForResource", limited("wafv2:GetWebACLForResource", condition=BY_TAG)),
    "no ACL for the CDN": (
        "wafv2:GetWebACL on arn:aws:wafv2:us-east-1:123456789012:global",
        limited("wafv2:GetWebACL", condition=BY_TAG)),
    "private DNS names": ("route53:AssociateVPCWithHostedZone", without("route53:AssociateVPCWithHostedZone")),
    "tags of security groups in the same request alone": (
        "ec2:CreateTags on arn:aws:ec2:us-east-1:123456789012:security-group/sg-1",
        limited("ec2:CreateTags", condition={"StringEquals": {"ec2:CreateAction": "CreateSecurityGroup"}})),
    "grants by tag": ("kms:CreateGrant", limited("kms:CreateGrant", condition={
        **BY_TAG, "Bool": {"kms:GrantIsForAWSResource": "true"}})),
    **{f"{action} by tag": (action, limited(action, condition=BY_TAG)) for action in (*GROUP_RULES, *FRESH_KEYS)},
    **{f"no single tag by {action}": (f"change a tag .*{action}", without(action, by_tag_alone=True))
       for action in SINGLE_TAGS},
    **{f"{action} left out": (action, without(action)) for action in READS},
    "no tags on recovery points within the boundary": (
        "as role BackupRole: backup:TagResource", without("backup:TagResource", title="Boundary")),
}


def found(refusals: list[str], what: str) -> bool:
    first, _, last = what.rpartition(".*")
    return any(each.startswith(first) and last in each for each in refusals)


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_of_the_execution_role_is_found(name: str) -> None:
    what, change = FAULTS[name]
    template = copy.deepcopy(BOOTSTRAP)
    change(template)
    assert found(deployed(WHOLE, bootstrap(template)), what)


@pytest.mark.parametrize(("what", "change"), [
    ("cloudformation:UntagResource", without("cloudformation:UntagResource")),
    ("as role BackupRole: backup:TagResource", without("backup:TagResource", title="Boundary")),
    ("cloudwatch:PutCompositeAlarm", limited("cloudwatch:PutCompositeAlarm", resource=ALARMS)),
], ids=["tags of the stack", "tags of recovery points", "composite alarms by name"])
def test_a_fault_of_the_launch_role_is_found(what: str, change: Change) -> None:
    template = copy.deepcopy(CATALOG)
    change(template)
    catalog = StackView(resolve(template, {"TemplateUrl": "https://x.test/t"}))
    assert found(launched(WHOLE_LAUNCH, catalog), what)


KEYS = [title for title, each in STACK["Resources"].items() if each["Type"] == "AWS::KMS::Key"]


@pytest.mark.parametrize("key", KEYS)
def test_a_key_with_the_lockout_check_is_found(key: str) -> None:
    template = copy.deepcopy(STACK)
    del template["Resources"][key]["Properties"]["BypassPolicyLockoutSafetyCheck"]
    assert found(deployed(life(stack(template, "tap-test")), ACCOUNT), f"create {key}: kms:PutKeyPolicy")


def test_a_backup_role_that_tags_no_recovery_points_is_found() -> None:
    template = copy.deepcopy(STACK)
    without("backup:TagResource", title="BackupPolicy")(template)
    assert found(deployed(life(stack(template, "tap-test")), ACCOUNT), "as role BackupRole: backup:TagResource")
