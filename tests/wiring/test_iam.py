"""Who may do what: policies of roles, and policies on resources."""

import pytest

from tap.wiring.graph import Graph
from tap.wiring.iam import ROLE, policies, policies_on, resource_policies, role_may, role_policies, service_of

QUEUE = "AWS::SQS::Queue"
READ = "sqs:ReceiveMessage"


def stack_of(resources, parameters=("Name",)):
    graph = Graph({"Resources": resources, "Parameters": {name: {"Type": "String"} for name in parameters}})
    stack, = graph.stacks([ROLE, QUEUE])
    return stack


def document(**statement):
    return {"Statement": {"Effect": "Allow", "Action": READ, "Resource": "*", **statement}}


def role(*, name=None, **statement):
    properties = {"Policies": [{"PolicyName": "p", "PolicyDocument": document(**statement)}]} if statement else {}
    return {"Type": ROLE, "Properties": {**properties, **({"RoleName": name} if name else {})}}


def may_read(statement, **others):
    """Whether a role whose only statement is this one may read the queue Q."""
    stack = stack_of({"R": role(**statement), "Q": {"Type": QUEUE}, **others})
    return role_may(stack, stack.resources["R"], READ, stack.resources["Q"])


@pytest.mark.parametrize(("actions", "allowed"), [
    (READ, True), ("SQS:receivemessage", True), ("sqs:Receive*", True), ("*", True), ("sqs:Receive?essage", True),
    (["sqs:SendMessage", READ], True), ({"Fn::ImportValue": "actions"}, True),
    ("sqs:SendMessage", False), (["sqs:SendMessage"], False), ([], False)])
def test_an_action_is_allowed_by_name_or_pattern_in_any_case(actions, allowed):
    assert may_read({"Action": actions}) is allowed


def test_an_action_that_a_statement_does_not_except_may_be_allowed():
    allowed = policies({"Statement": {"Effect": "Allow", "NotAction": "iam:*", "Resource": "*"}})
    assert allowed.allow(READ)


@pytest.mark.parametrize(("resource", "allowed"), [
    ("*", True), ({"Fn::GetAtt": ["Q", "Arn"]}, True), ({"Ref": "Name"}, True),
    ("arn:aws:sqs:eu-west-1:123456789012:queue", True), ("arn:aws:*:eu-west-1:123456789012:queue", True),
    ("arn:aws:sqs*", True), ({"Fn::Sub": "arn:aws:sqs:${AWS::Region}:${Name}:queue"}, True),
    ({"Fn::GetAtt": ["Other", "Arn"]}, False), ("arn:aws:sns:eu-west-1:123456789012:topic", False),
    ("arn:aws:s3:::bucket", False)])
def test_a_resource_is_covered_by_a_reference_or_an_arn_of_its_service(resource, allowed):
    assert may_read({"Resource": resource}, Other={"Type": QUEUE}) is allowed


def test_a_denial_allows_nothing():
    assert not may_read({"Effect": "Deny"})


@pytest.mark.parametrize(("attached", "own", "complete"), [
    ({"Ref": "R"}, None, True), ("web", "web", True), ("other", "web", True), ("other", None, True),
    ({"Ref": "Name"}, None, True), ({"Ref": "Name"}, "web", False)])
def test_a_policy_on_a_role_that_is_not_known_may_be_on_one_with_a_name(attached, own, complete):
    policy = {"Type": "AWS::IAM::Policy", "Properties": {
        "PolicyName": "p", "Roles": [attached], "PolicyDocument": document(Action="sqs:SendMessage")}}
    stack = stack_of({"R": role(name=own), "P": policy})
    assert role_policies(stack, stack.resources["R"]).is_complete is complete


@pytest.mark.parametrize(("principal", "service"), [
    ("lambda.amazonaws.com", "lambda"), ("logs.eu-central-1.amazonaws.com", "logs"),
    ("ecs-tasks.amazonaws.com.cn", "ecs-tasks"), ("delivery.logs.amazonaws.com", "delivery.logs"),
    ("states.us-gov-west-1.amazonaws.com", "states"), ("lambda", "lambda"), (None, None), ({"Ref": "Name"}, None)])
def test_a_service_is_named_without_its_region_and_suffix(principal, service):
    assert service_of(principal) == service


@pytest.mark.parametrize(("principal", "services"), [
    ({"Service": "lambda.amazonaws.com"}, ["lambda"]),
    ({"Service": ["b.amazonaws.com", "a.amazonaws.com"]}, ["a", "b"]),
    ({"AWS": "123456789012"}, []),
    ({"AWS": "*"}, ["*"]), ("*", ["*"]), ({"Fn::ImportValue": "principals"}, ["*"])])
def test_the_services_of_a_trust_are_listed_or_anyone(principal, services):
    assert policies({"Statement": {"Effect": "Allow", "Principal": principal}}).services() == services


def test_a_statement_for_all_but_some_principals_may_be_for_any_service_role_and_account():
    found = policies(document(NotPrincipal={"AWS": "123456789012"}))
    stack = stack_of({"R": role()})
    assert found.allow_service(["sns"], READ)
    assert found.allow_role(stack.resources["R"], READ)
    assert found.allow_account(["127311923021"], READ)


def test_a_statement_for_everyone_is_for_any_service_role_and_account():
    found = policies(document(Principal="*"))
    stack = stack_of({"R": role()})
    assert found.allow_service(["sns"], READ)
    assert found.allow_role(stack.resources["R"], READ)
    assert found.allow_account(["127311923021"], READ)


@pytest.mark.parametrize("principal", [{"Service": "events.amazonaws.com"}, {"AWS": "arn:aws:iam::123456789012:root"}])
def test_a_statement_for_another_principal_is_for_none_of_them(principal):
    found = policies(document(Principal=principal))
    stack = stack_of({"R": role()})
    assert not found.allow_service(["sns"], READ)
    assert not found.allow_role(stack.resources["R"], READ)
    assert not found.allow_account(["127311923021"], READ)


def queue_policy(queue, principal):
    return {"Type": "AWS::SQS::QueuePolicy", "Properties": {
        "Queues": [queue], "PolicyDocument": document(Principal=principal)}}


@pytest.mark.parametrize(("queue", "principal", "allowed"), [
    ({"Ref": "Q"}, {"AWS": {"Fn::GetAtt": ["R", "Arn"]}}, True),
    ({"Ref": "Q"}, {"AWS": "*"}, True),
    ({"Ref": "Q"}, {"AWS": {"Fn::GetAtt": ["S", "Arn"]}}, False),
    ({"Ref": "Q"}, {"AWS": {"Fn::Sub": "arn:aws:iam::${AWS::AccountId}:root"}}, False),
    ({"Ref": "Q"}, {"Service": "lambda.amazonaws.com"}, False),
    ({"Ref": "P"}, {"AWS": {"Fn::GetAtt": ["R", "Arn"]}}, False),
])
def test_a_policy_on_the_resource_that_names_the_role_allows_it_too(queue, principal, allowed):
    others = {"P": {"Type": QUEUE}, "S": role(), "On": queue_policy(queue, principal)}
    assert may_read({"Action": "sqs:SendMessage"}, **others) is allowed


@pytest.mark.parametrize(("queue", "count"), [({"Ref": "Q"}, 1), ({"Ref": "Name"}, 1), ({"Ref": "P"}, 0)])
def test_a_policy_is_on_the_resource_that_it_names_or_may_be(queue, count):
    stack = stack_of({"Q": {"Type": QUEUE}, "P": {"Type": QUEUE}, "On": queue_policy(queue, "*")})
    assert len(policies_on(stack, stack.resources["Q"])) == count
    assert len(resource_policies(stack, stack.resources["Q"]).statements) == count


def test_a_policy_that_cannot_be_read_may_allow_anything():
    assert policies({"Fn::ImportValue": "policy"}).allow(READ)
    assert policies({"Statement": [{"Effect": {"Ref": "Name"}}]}).allow(READ)
    assert not policies(None).allow(READ)


@pytest.mark.parametrize(("resource", "complete"), [
    ("arn:aws:iam::aws:policy/NobodyKnowsThis", False),
    ("arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole", True),
    ("arn:aws:iam::123456789012:policy/own", False), ({"Ref": "Managed"}, True), ({"Ref": "Name"}, False)])
def test_a_managed_policy_that_is_not_known_may_allow_anything(resource, complete):
    managed = {"Type": "AWS::IAM::ManagedPolicy", "Properties": {"PolicyDocument": document(Action="sns:Publish")}}
    stack = stack_of({"R": {"Type": ROLE, "Properties": {"ManagedPolicyArns": [resource]}}, "Managed": managed})
    found = role_policies(stack, stack.resources["R"])
    assert found.is_complete is complete
    assert found.allow(READ) is not complete


def test_a_policy_of_aws_allows_its_actions_on_every_resource():
    stack = stack_of({"R": {"Type": ROLE, "Properties": {
        "ManagedPolicyArns": ["arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole"]}},
        "Q": {"Type": QUEUE}})
    found = role_policies(stack, stack.resources["R"])
    assert found.allow("logs:PutLogEvents")
    assert found.allow("logs:PutLogEvents", stack.resources["Q"])
    assert not found.allow(READ)


def test_a_policy_attached_to_the_role_counts_and_one_without_a_document_may_allow_anything():
    def attached(**properties):
        stack = stack_of({"R": role(), "Q": {"Type": QUEUE},
                          "P": {"Type": "AWS::IAM::Policy", "Properties": {"Roles": [{"Ref": "R"}], **properties}}})
        return role_policies(stack, stack.resources["R"])

    assert attached(PolicyDocument=document()).allow(READ)
    assert not attached(PolicyDocument=document(Action="sns:Publish")).allow(READ)
    assert not attached().is_complete


@pytest.mark.parametrize(("kind", "on", "properties"), [
    (QUEUE, "AWS::SQS::QueuePolicy", {"Queues": [{"Ref": "Q"}]}),
    (QUEUE, "AWS::SQS::QueueInlinePolicy", {"Queue": {"Ref": "Q"}}),
    ("AWS::SNS::Topic", "AWS::SNS::TopicPolicy", {"Topics": [{"Ref": "Q"}]}),
    ("AWS::SNS::Topic", "AWS::SNS::TopicInlinePolicy", {"TopicArn": {"Ref": "Q"}}),
    ("AWS::S3::Bucket", "AWS::S3::BucketPolicy", {"Bucket": {"Ref": "Q"}}),
    ("AWS::SecretsManager::Secret", "AWS::SecretsManager::ResourcePolicy", {"SecretId": {"Ref": "Q"}})])
def test_each_kind_of_policy_on_a_resource_is_found_on_what_it_names_alone(kind, on, properties):
    name, = properties
    wanted = {"Type": on, "Properties": properties}
    other = {"Type": on, "Properties": {name: [{"Ref": "P"}] if isinstance(properties[name], list) else {"Ref": "P"}}}
    graph = Graph({"Resources": {"Q": {"Type": kind}, "P": {"Type": kind}, "On": wanted, "Off": other}})
    stack, = graph.stacks([kind, on])
    assert [policy.logical_id for policy in policies_on(stack, stack.resources["Q"])] == ["On"]


@pytest.mark.parametrize(("arn", "covered"), [
    (["a", "list"], True), (7, True), ({"Fn::ImportValue": "arn"}, True), ("arn:aws:sqs", True),
    ("arn:aws:sqs:eu-west-1:123456789012", True), ("arn:aws:s*:eu-west-1:123456789012:queue", True),
    ("arn:aws:sns:eu-west-1:123456789012:queue", False)])
def test_what_is_no_whole_arn_may_cover_the_resource(arn, covered):
    assert may_read({"Resource": [arn]}) is covered
