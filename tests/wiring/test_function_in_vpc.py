"""E9202."""

import pytest

POLICY = "!Sub 'arn:${AWS::Partition}:iam::aws:policy/service-role/AWSLambdaVPCAccessExecutionRole'"
BASIC = "!Sub 'arn:${AWS::Partition}:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole'"
VPC = "VpcConfig: {SubnetIds: [!Ref SubnetA], SecurityGroupIds: [!Ref TaskGroup]}"
ATTACHED = """
  Network:
    Type: {type}
    Properties:
      PolicyName: network
      {role}
      PolicyDocument:
        Version: '2012-10-17'
        Statement:
        - Effect: Allow
          Action: ['ec2:CreateNetworkInterface', 'ec2:Describe*', 'ec2:DeleteNetworkInterface']
          Resource: '*'
"""


def test_a_function_in_a_vpc_whose_role_may_not_make_interfaces_is_found(found):
    assert found((POLICY, BASIC)) == [
        "E9202 `Function` → `FunctionRole`: the function is in a VPC, and its role lacks ec2:CreateNetworkInterface, "
        "ec2:DescribeNetworkInterfaces, ec2:DeleteNetworkInterface. "
        "Attach AWSLambdaVPCAccessExecutionRole to the role, or allow these actions."]


def test_the_finding_names_only_what_is_missing(found):
    policy = ATTACHED.format(type="AWS::IAM::Policy", role="Roles: [!Ref FunctionRole]")
    [message] = found((POLICY, BASIC), add=policy.replace("'ec2:Describe*', ", ""))
    assert "its role lacks ec2:DescribeNetworkInterfaces. " in message


@pytest.mark.parametrize(("kind", "role"), [
    ("AWS::IAM::Policy", "Roles: [!Ref FunctionRole]"),
    ("AWS::IAM::RolePolicy", "RoleName: !Ref FunctionRole"),
    ("AWS::IAM::ManagedPolicy", "Roles: [!Ref FunctionRole]"),
])
def test_a_policy_that_is_attached_to_the_role_counts(found, kind, role):
    assert found((POLICY, BASIC), add=ATTACHED.format(type=kind, role=role)) == []


def test_a_policy_of_the_template_that_the_role_attaches_counts(found):
    policy = ATTACHED.format(type="AWS::IAM::ManagedPolicy", role="Path: /")
    assert found((POLICY, "!Ref Network"), add=policy) == []


@pytest.mark.parametrize("policy", ["!Ref Image", "!ImportValue policy", "arn:aws:iam::aws:policy/AdministratorAccess"])
def test_a_policy_that_is_not_known_may_allow_anything(found, policy):
    assert found((POLICY, policy)) == []


def test_a_role_that_something_may_add_policies_to_is_not_judged(found):
    custom = """
  Grant:
    Type: Custom::Grant
    Properties: {ServiceToken: !ImportValue grant, Role: !Ref FunctionRole}
"""
    assert found((POLICY, BASIC), add=custom) == []


@pytest.mark.parametrize("network", ["Timeout: 3", "VpcConfig: !Ref AWS::NoValue", "VpcConfig: {SubnetIds: []}"])
def test_a_function_outside_of_vpcs_needs_nothing(found, network):
    assert found((POLICY, BASIC), (VPC, network)) == []
