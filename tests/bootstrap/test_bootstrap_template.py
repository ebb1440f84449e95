"""The bootstrap stack: bucket, roles, boundary, notifications."""

import re
from typing import Any

import pytest
from iam_facts import facts_of, schema_of
from looping import some
from stack_view import ENVIRONMENTS, StackView, as_list, statements_of

from tap.bootstrap.template import SAMPLES, build
from tap.deploy.constraints import items, violation
from tap.deploy.preflight import capabilities
from tap.permissions import MANAGED_POLICY_LIMIT, size
from tap.template.resolve import Reference, resolve

TEMPLATE: dict[str, Any] = build().to_dict()
PARAMETERS = TEMPLATE["Parameters"]
GITHUB = "token.actions.githubusercontent.com"


def stack(**parameters: str) -> StackView:
    return StackView(resolve(TEMPLATE, parameters, stack_name="bootstrap-tap"))


def accepts(name: str, value: str) -> bool:
    return violation(name, value, PARAMETERS[name], "a file") is None


MADE, GIVEN = stack(**SAMPLES["made"]), stack(**SAMPLES["given"])


# Promises, as of the stack itself


@pytest.mark.parametrize("title", TEMPLATE["Resources"])
def test_every_resource_that_can_be_tagged_is(title: str) -> None:
    resource = TEMPLATE["Resources"][title]
    tags = {tag["Key"] for tag in resource["Properties"].get("Tags", [])}
    can = "Tags" in schema_of(resource["Type"])["properties"] and resource["Type"] != "AWS::IAM::ManagedPolicy"
    assert tags == ({"Application", "CostCenter", "Team"} if can else set())


@pytest.mark.parametrize("name", PARAMETERS)
def test_every_parameter_is_described_constrained_optional_and_in_the_form(name: str) -> None:
    form = TEMPLATE["Metadata"]["AWS::CloudFormation::Interface"]
    assert len(PARAMETERS[name]["Description"]) > 10
    assert {"AllowedPattern", "AllowedValues"} & set(PARAMETERS[name])
    assert accepts(name, PARAMETERS[name]["Default"])
    assert name in [each for group in form["ParameterGroups"] for each in group["Parameters"]]
    assert form["ParameterLabels"][name]["default"]


def test_it_needs_no_name_of_iam_and_fits_a_request() -> None:
    from tap.template.render import to_text

    assert capabilities(TEMPLATE) == {"CAPABILITY_IAM"}
    assert len(to_text(build()).encode()) < 51_200


def test_with_the_samples_there_is_every_resource_and_nothing_refers_to_what_is_missing() -> None:
    assert {*MADE.resolved.resources, *GIVEN.resolved.resources} == set(TEMPLATE["Resources"])
    assert all(view.resolved.dangling == () for view in (MADE, GIVEN, stack()))


def test_by_default_nobody_is_trusted() -> None:
    assert {title for title, entry in stack().resolved.resources.items() if entry["Type"] == "AWS::IAM::Role"} == {
        "ExecutionRole"}


@pytest.mark.parametrize("name", ["Team", "CostCenter", "Application"])
def test_tags_are_by_default_those_of_the_stacks(name: str, template: dict[str, Any]) -> None:
    assert PARAMETERS[name]["Default"] == template["Parameters"][name]["Default"]


# The artifact bucket


def test_the_bucket_has_the_name_that_the_targets_make() -> None:
    assert str(MADE.only("AWS::S3::Bucket")["BucketName"]) == "tap-artifacts-123456789012-us-east-1"


def test_the_bucket_is_versioned_encrypted_private_and_stays() -> None:
    bucket = MADE.only("AWS::S3::Bucket")
    assert bucket["VersioningConfiguration"] == {"Status": "Enabled"}
    assert bucket["BucketEncryption"]["ServerSideEncryptionConfiguration"] == [
        {"ServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}]
    assert len(bucket["PublicAccessBlockConfiguration"]) == 4
    assert {str(each).lower() for each in bucket["PublicAccessBlockConfiguration"].values()} == {"true"}
    assert MADE.attributes("ArtifactBucket")["DeletionPolicy"] == "RetainExceptOnCreate"
    assert MADE.attributes("ArtifactBucket")["UpdateReplacePolicy"] == "Retain"


def test_only_what_is_no_longer_current_expires() -> None:
    rule, = MADE.only("AWS::S3::Bucket")["LifecycleConfiguration"]["Rules"]
    assert set(rule) == {"Status", "NoncurrentVersionExpiration", "AbortIncompleteMultipartUpload"}


def test_the_bucket_is_reached_over_tls_alone() -> None:
    denied = statements_of(MADE.only("AWS::S3::BucketPolicy")["PolicyDocument"])
    assert [each["Condition"] for each in denied] == [
        {"Bool": {"aws:SecureTransport": "false"}}, {"NumericLessThan": {"s3:TlsVersion": "1.2"}}]
    for each in denied:
        assert (each["Effect"], each["Principal"], each["Action"]) == ("Deny", "*", ["s3:*"])
        assert len(each["Resource"]) == 2


# The execution role


def test_cloudformation_alone_is_the_execution_role() -> None:
    trust, = statements_of(MADE.properties("ExecutionRole")["AssumeRolePolicyDocument"])
    assert trust == {"Effect": "Allow", "Action": ["sts:AssumeRole"],
                     "Principal": {"Service": "cloudformation.amazonaws.com"}}


def test_every_policy_is_within_iams_size() -> None:
    documents = [entry["Properties"]["PolicyDocument"] for entry in TEMPLATE["Resources"].values()
                 if entry["Type"] == "AWS::IAM::ManagedPolicy"]
    assert len(documents) >= 4
    assert all(size(document) <= MANAGED_POLICY_LIMIT for document in documents)


def test_every_action_of_every_policy_is_one_that_iam_knows() -> None:
    for title, policy in some(MADE.all("AWS::IAM::ManagedPolicy").items()):
        allowed = [each for each in statements_of(policy["PolicyDocument"]) if each["Effect"] == "Allow"]
        actions = some(action for statement in allowed for action in statement["Action"])
        assert [action for action in actions if facts_of(action) is None] == [], title


def test_the_execution_role_may_read_the_artifacts_and_do_nothing_else_with_them() -> None:
    denied, = [each for each in MADE.statements("ExecutionRole") if each["Effect"] == "Deny"]
    assert as_list(denied["NotAction"]) == ["s3:GetObject"]
    assert denied["Resource"] == ["arn:aws:s3:::tap-artifacts-123456789012-*"]


def test_what_may_change_the_stacks_roles_cannot_change_those_of_the_bootstrap() -> None:
    for kind in ("AWS::IAM::Role", "AWS::IAM::ManagedPolicy"):
        assert {each["Path"] for each in MADE.all(kind).values()} == {"/bootstrap/"}
    changing = [str(resource) for statement in MADE.statements("ExecutionRole")
                if statement["Effect"] == "Allow" and any(each.startswith("iam:") for each in statement["Action"])
                for resource in statement["Resource"]]
    assert changing
    assert [each for each in changing if not re.search(r":(role|policy)/(tap-\*|aws-service-role/\*)$", each)] == []


def test_the_execution_role_gives_no_role_more_than_the_boundary() -> None:
    bounded = [each for each in MADE.statements("ExecutionRole") if "iam:AttachRolePolicy" in each.get("Action", [])]
    assert [each["Condition"] for each in bounded] == [
        {"StringEquals": {"iam:PermissionsBoundary": Reference("PermissionsBoundary")}}]


def test_nothing_is_allowed_by_wildcard() -> None:
    for title in ("ExecutionRole", "DeployerRole", "PlannerRole"):
        for statement in some(MADE.statements(title)):
            assert [each for each in statement.get("Action", []) if "*" in each] == []


# The boundary


@pytest.mark.parametrize("name", ENVIRONMENTS)
def test_every_action_of_the_stacks_roles_is_within_the_boundary(
        name: str, environments: dict[str, StackView]) -> None:
    inside = {action for statement in statements_of(
        MADE.properties("PermissionsBoundary")["PolicyDocument"]) if statement["Effect"] == "Allow"
        for action in statement["Action"]}
    for role in some(environments[name].all("AWS::IAM::Role")):
        assert {action for statement in environments[name].statements(role) for action in statement["Action"]} <= inside


def test_the_boundary_lets_roles_pass_the_stacks_roles_to_tasks_and_change_no_permissions() -> None:
    boundary = statements_of(MADE.properties("PermissionsBoundary")["PolicyDocument"])
    about_iam = [each for each in boundary if each["Effect"] == "Allow" and any(
        action.startswith(("iam:", "sts:")) for action in each["Action"])]
    assert about_iam == [{
        "Effect": "Allow", "Action": ["iam:PassRole"], "Resource": ["arn:aws:iam::123456789012:role/tap-*"],
        "Condition": {"StringEquals": {"iam:PassedToService": "ecs-tasks.amazonaws.com"}}}]


# The deployer


def trusts(view: StackView, role: str = "DeployerRole") -> list[dict[str, Any]]:
    return [{**each, "Action": as_list(each["Action"])} for each in
            as_list(view.properties(role)["AssumeRolePolicyDocument"]["Statement"])]


def test_github_is_trusted_for_these_environments_of_these_repositories_alone() -> None:
    assert trusts(MADE) == [{
        "Effect": "Allow", "Action": ["sts:AssumeRoleWithWebIdentity"],
        "Principal": {"Federated": Reference("GitHubProvider")},
        "Condition": {"StringEquals": {
            f"{GITHUB}:aud": "sts.amazonaws.com",
            f"{GITHUB}:sub": items(SAMPLES["made"]["GitHubSubjects"])}}}]


def test_an_accounts_own_provider_is_used_instead_of_a_second_one() -> None:
    github, principal = trusts(GIVEN)
    assert github["Principal"] == {"Federated": SAMPLES["given"]["GitHubProviderArn"]}
    assert GIVEN.all("AWS::IAM::OIDCProvider") == {}
    assert principal == {"Effect": "Allow", "Action": ["sts:AssumeRole"],
                         "Principal": {"AWS": SAMPLES["given"]["DeployerPrincipalArn"]}}


@pytest.mark.parametrize(("subjects", "good"), [
    ("repo:payments/tap:environment:prod", True),
    ("repo:payments/tap:environment:dev,repo:payments/other:environment:dev", True),
    ("repo:payments@123456/tap@456789:environment:prod", True),
    ("repo:payments@123456/tap@*:environment:prod", False),
    ("repo:payments/tap:*", False),
    ("repo:payments/*:environment:prod", False),
    ("repo:payments/tap:ref:refs/heads/main", False),
    ("repo:payments/tap:pull_request", False),
])
def test_a_subject_names_a_repository_and_an_environment_without_wildcards(subjects: str, good: bool) -> None:
    assert accepts("GitHubSubjects", subjects) is good


def test_the_deployer_hands_its_role_to_cloudformation_alone() -> None:
    passing, = [each for each in MADE.statements("DeployerRole") if "iam:PassRole" in each["Action"]]
    assert passing["Resource"] == [Reference("ExecutionRole", "Arn")]
    assert passing["Condition"] == {"StringEquals": {"iam:PassedToService": "cloudformation.amazonaws.com"}}


def test_the_deployer_changes_nothing_but_stacks_and_artifacts() -> None:
    reading = re.compile(r"[\w-]+:(Describe|Get|List|Detect|Filter)")
    changing = {action for statement in MADE.statements("DeployerRole") for action in statement["Action"]
                if not reading.match(action)}
    assert changing - {"iam:PassRole", "s3:PutObject"} == {
        action for action in changing if action.startswith("cloudformation:")}


def test_who_plans_is_trusted_for_planning_alone() -> None:
    trust, = trusts(MADE, "PlannerRole")
    assert trust["Condition"]["StringEquals"][f"{GITHUB}:sub"] == ["repo:payments/tap:environment:dev-plan"]
    assert "PlannerRole" not in GIVEN.resolved.resources


def test_who_plans_executes_nothing_and_deletes_no_stack() -> None:
    # Whoever opens a pull request decides what runs there.
    may = {action for statement in MADE.statements("PlannerRole") for action in statement["Action"]}
    assert "cloudformation:CreateChangeSet" in may
    assert not may & {
        "cloudformation:ExecuteChangeSet", "cloudformation:DeleteStack", "cloudformation:SetStackPolicy",
        "cloudformation:UpdateTerminationProtection", "cloudformation:UpdateStack", "cloudformation:RollbackStack"}
    assert {each for each in may if not re.match(r"[\w-]+:(Describe|Get|List)", each)} == {
        "cloudformation:CreateChangeSet", "cloudformation:DeleteChangeSet", "cloudformation:TagResource",
        "cloudformation:UntagResource", "iam:PassRole", "s3:PutObject"}


# Notifications


def test_failing_stacks_are_told_to_the_topic_by_eventbridge_alone() -> None:
    rule = MADE.only("AWS::Events::Rule")
    assert rule["EventPattern"]["detail-type"] == ["CloudFormation Stack Status Change"]
    assert str(rule["EventPattern"]["detail"]["stack-id"][0]["prefix"]).endswith(":stack/tap-")
    assert [target["Arn"] for target in rule["Targets"]] == [Reference("FailureTopic")]
    published, _ = statements_of(MADE.only("AWS::SNS::TopicPolicy")["PolicyDocument"])
    assert published["Principal"] == {"Service": "events.amazonaws.com"}
    # Under a condition EventBridge could not publish at all.
    # https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-use-resource-based.html
    assert "Condition" not in published


def test_nobody_publishes_over_plain_http() -> None:
    _, denied = statements_of(MADE.only("AWS::SNS::TopicPolicy")["PolicyDocument"])
    assert (denied["Effect"], denied["Principal"], denied["Condition"]) == (
        "Deny", "*", {"Bool": {"aws:SecureTransport": "false"}})


def test_a_deployment_that_succeeds_is_not_told() -> None:
    statuses = MADE.only("AWS::Events::Rule")["EventPattern"]["detail"]["status-details"]["status"]
    assert not {"CREATE_COMPLETE", "UPDATE_COMPLETE", "DELETE_COMPLETE"} & set(statuses)
    assert {"ROLLBACK_COMPLETE", "UPDATE_ROLLBACK_COMPLETE", "UPDATE_ROLLBACK_FAILED"} <= set(statuses)


def test_an_address_is_optional() -> None:
    assert stack().all("AWS::SNS::Subscription") == {}
    assert MADE.only("AWS::SNS::Subscription")["Endpoint"] == "stand-in@example.com"


def test_notifications_can_be_left_out() -> None:
    silent = stack(FailureNotifications="false", FailureEmail="stand-in@example.com")
    assert not {"FailureTopic", "FailureRule", "FailureSubscription", "FailureTopicPolicy"} & set(
        silent.resolved.resources)
