"""The table of what each resource type takes, against the registry's schemas and what IAM knows."""

import re

import pytest
from awacs.aws import Action
from iam_facts import facts_of, of_handler, of_handlers, overlap, pattern, resources_of
from looping import some
from troposphere import Ref

from tap.parts import policy
from tap.permissions import MANAGED_POLICY_LIMIT, Names, boundary, execution, size, split
from tap.permissions.table import ABOUT, entry, load
from tap.stack import build

TYPES = list(load("actions"))
NAMES = Names("tap-", Ref("Application"), Ref("PermissionsBoundary"))


def grants(kind: str) -> dict[str, list[str]]:
    return {scope: actions for scope, actions in entry(kind).items() if scope not in ABOUT}


EVERY_GRANT = sorted({
    (scope, action) for table in ("actions", "boundary") for each in load(table).values()
    for scope, actions in each.items() if scope not in ABOUT for action in actions})


def test_no_type_of_the_stack_is_without_an_entry() -> None:
    assert {resource.resource_type for resource in build().resources.values()} <= set(TYPES)


def test_a_type_without_an_entry_is_named_with_where_to_put_it() -> None:
    with pytest.raises(LookupError, match=r"AWS::Neptune::DBCluster has no IAM actions: .*actions\.toml"):
        execution(["AWS::EC2::VPC", "AWS::Neptune::DBCluster"], NAMES)


@pytest.mark.parametrize("kind", TYPES)
def test_every_permission_of_the_handlers_is_granted_or_left_out_with_its_reason(kind: str) -> None:
    told = entry(kind)
    if "source" in told:
        assert told["source"].startswith("https://docs.aws.amazon.com/")
        assert not of_handlers(kind)
        return
    granted = {action for actions in grants(kind).values() for action in actions}
    granted |= {"iam:PassRole"} if told.get("passes_to") else set()
    granted |= {"iam:CreateServiceLinkedRole"} if told.get("links") else set()
    left_out = {action for actions in told.get("left_out", {}).values() for action in actions}
    also = {action for actions in told.get("also", {}).values() for action in actions}
    assert granted & left_out == set()
    assert (granted - also) | left_out == of_handlers(kind) - also
    assert also <= granted
    assert all(source.startswith("https://docs.aws.amazon.com/") for source in told.get("also", {}))


# Read handlers that call by what the resource is: its reads of other services, and of a billing view that it names.
CALLED_BY_PROPERTY = {
    "AWS::Budgets::Budget": "no billing view", "AWS::WAFv2::WebACLAssociation": "the web ACL is a load balancer's"}


LEFT_OUT = [(kind, reason, actions) for kind in TYPES for reason, actions in entry(kind).get("left_out", {}).items()]


def test_no_call_of_a_read_handler_is_left_out() -> None:
    calls = some((kind, actions) for kind, reason, actions in LEFT_OUT
                 if reason not in {"no action of IAM by this name", CALLED_BY_PROPERTY.get(kind)})
    for kind, actions in calls:
        assert set(actions) & set(of_handler(kind, "read")) == set(), kind


@pytest.mark.parametrize("kind", [kind for kind in TYPES if "tagging" in grants(kind)])
def test_what_tags_a_new_resource_also_changes_single_tags_of_an_old_one(kind: str) -> None:
    assert set(grants(kind)["tagging"]) <= set(grants(kind)["tagged"])


def test_what_is_no_action_of_iam_is_left_out_for_that_reason() -> None:
    for kind, reason, actions in some(LEFT_OUT):
        unknown = [action for action in actions if facts_of(action) is None]
        assert unknown == (actions if reason == "no action of IAM by this name" else []), kind


@pytest.mark.parametrize(("scope", "action"), EVERY_GRANT)
def test_every_action_is_one_that_iam_knows_and_can_limit_so(scope: str, action: str) -> None:
    assert facts_of(action) is not None
    limits = load("scopes")[scope]
    if limits["resources"] != ["*"]:
        formats = [pattern(each) for kind in resources_of(action) for each in kind["ARNFormats"]]
        assert any(overlap(one, pattern(wanted)) for one in formats for wanted in limits["resources"])
    if "aws:ResourceTag/Application" in limits.get("condition", {}).get("StringEquals", {}):
        assert any("aws:ResourceTag/${TagKey}" in kind.get("ConditionKeys", []) for kind in resources_of(action))


@pytest.mark.parametrize("scope", load("scopes"))
def test_every_scope_is_used(scope: str) -> None:
    assert scope in {used for used, _ in EVERY_GRANT}


@pytest.mark.parametrize("scope", [name for name, limits in load("scopes").items() if limits["resources"] == ["*"]])
def test_what_is_on_all_resources_has_a_condition_or_reads_or_makes(scope: str) -> None:
    if load("scopes")[scope].get("condition"):
        return
    verbs = {action.split(":")[1] for used, action in EVERY_GRANT if used == scope}
    others = {verb for verb in verbs if not re.match(
        "Allocate|BatchGet|BatchCheck|Create|Describe|Get|List|Register|Request", verb)}
    assert others == {
        # IAM can limit these to nothing.
        "DeleteLogDelivery", "DeleteQueryDefinition", "PutQueryDefinition", "DeleteResourcePolicy", "PutResourcePolicy",
        "DeleteAnomalyDetector", "PutAnomalyDetector", "DeregisterTaskDefinition", "MountCapsule", "SetWebACL",
        "PutTelemetryRecords", "PutTraceSegments", "AssignPrivateIpAddresses", "DeleteNetworkInterface",
        "UnassignPrivateIpAddresses", "CopyIntoBackupVault", "AssociateVPCWithHostedZone",
        # AWS evaluates it on "*".
        "PutCompositeAlarm",
        # Ids that say nothing, and no tags.
        "DeleteOriginAccessControl", "UpdateOriginAccessControl", "DeleteResponseHeadersPolicy",
        "UpdateResponseHeadersPolicy"}


def test_policies_fit_with_all_types_and_are_no_more_than_a_role_may_have() -> None:
    groups = split(execution(TYPES, NAMES))
    assert all(size(policy(*group)) <= MANAGED_POLICY_LIMIT for group in groups)
    # https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html: ten a role.
    assert len(groups) < 10


def test_splitting_loses_nothing() -> None:
    whole = execution(TYPES, NAMES)
    assert [each.properties["Sid"] for group in split(whole) for each in group] == [
        each.properties["Sid"] for each in whole]


def test_a_statement_that_no_policy_can_hold_is_refused() -> None:
    statement, *_ = execution(["AWS::EC2::VPC"], NAMES)
    statement.Action = [Action("ec2", "a" * 100)] * 70
    with pytest.raises(ValueError, match="statement Any is larger than a managed policy may be"):
        split([statement])


def test_the_size_counts_pseudo_parameters_at_their_longest_and_no_white_space() -> None:
    assert size({"Fn::Sub": "a b:${AWS::Partition}"}) == len('"ab:aws-us-gov"')


def test_the_boundary_fits_one_policy() -> None:
    assert size(policy(*boundary(NAMES))) <= MANAGED_POLICY_LIMIT


def test_roles_are_passed_by_name_to_the_services_that_need_them_and_to_no_other() -> None:
    statements = {each.properties["Sid"]: each for each in execution(["AWS::Lambda::Function"], NAMES)}
    document = policy(statements["PassedTo"])
    assert document["Statement"] == [{
        "Sid": "PassedTo", "Effect": "Allow", "Action": "iam:PassRole",
        "Resource": {"Fn::Sub": "arn:${AWS::Partition}:iam::${AWS::AccountId}:role/tap-*"},
        "Condition": {"StringEquals": {"iam:PassedToService": ["lambda.amazonaws.com"]}}}]


def test_a_role_gets_permissions_only_with_the_boundary() -> None:
    statements = {each.properties["Sid"]: each for each in execution(["AWS::IAM::Role"], NAMES)}
    document = policy(statements["Bounded"])["Statement"][0]
    assert document["Condition"] == {"StringEquals": {"iam:PermissionsBoundary": {"Ref": "PermissionsBoundary"}}}
    assert {"iam:CreateRole", "iam:AttachRolePolicy", "iam:PutRolePolicy", "iam:PutRolePermissionsBoundary"} <= set(
        document["Action"])
    assert "iam:DeleteRolePermissionsBoundary" not in str(policy(*statements.values()))


def test_only_what_is_just_being_made_is_tagged_freely() -> None:
    statements = {each.properties["Sid"]: each for each in execution(["AWS::EC2::VPC", "AWS::EC2::EIP"], NAMES)}
    assert policy(statements["New"])["Statement"][0]["Condition"] == {
        "StringEquals": {"ec2:CreateAction": ["AllocateAddress", "CreateVpc"]}}


def test_another_prefix_is_in_lower_case_where_names_are() -> None:
    statements = {each.properties["Sid"]: each for each in execution(
        ["AWS::S3::Bucket", "AWS::Lambda::Function"], Names("SC-", "app", "arn"))}
    assert policy(statements["Buckets"])["Statement"][0]["Resource"] == {"Fn::Sub": "arn:${AWS::Partition}:s3:::sc-*"}
    assert "function:SC-*" in str(policy(statements["Functions"]))
