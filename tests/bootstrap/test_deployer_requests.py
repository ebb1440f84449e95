"""The deployer's role, against the requests that `tap` makes."""

import ast
from collections.abc import Iterator
from pathlib import Path

import boto3
import pytest
from botocore import xform_name
from iam_facts import actions, facts_of
from looping import some

import tap
from tap.parts import policy
from tap.permissions.deployer import deployer

# `tap rename` is an administrator's: a stack refactor has no service role, and may have to tag any resource. `tap run`
# is an operator's: whoever may run a command as the application may do what the application may.
FILES = [path for part in ("deploy", "page") for path in sorted((Path(tap.__file__).parent / part).glob("*.py"))
         if path.name not in ("refactor.py", "run.py")]
# Where the permission has another name than the operation; None where none is needed.
# https://docs.aws.amazon.com/AmazonS3/latest/userguide/using-with-s3-policy-actions.html
OTHERWISE = {
    "elbv2:DescribeRules": "elasticloadbalancing:DescribeRules",
    "elbv2:DescribeAccountLimits": None,  # CloudFormation's of the same name is what is called
    "s3:HeadBucket": "s3:ListBucket", "s3:HeadObject": "s3:GetObject", "s3:ListObjectVersions": "s3:ListBucketVersions",
    # The policy of a repository that tap bootstrap creates allows them: see tap/bootstrap/repository.py.
    "ecr:BatchGetImage": None, "ecr:PutImage": None,
    "ec2:DescribeImages": None,  # ECR's of the same name is what is called
    "rds:DescribeEvents": None,  # CloudFormation's of the same name is what is called
    "sts:GetCallerIdentity": None, "service-quotas:GetServiceQuota": "servicequotas:GetServiceQuota",
}


def operations(service: str) -> dict[str, str]:
    """The operations of a service by boto3's names for them."""
    client = boto3.client(service, region_name="eu-west-1", aws_access_key_id="x", aws_secret_access_key="x")
    return {xform_name(each): each for each in client.meta.service_model.operation_names}


def texts() -> Iterator[str]:
    """Every text in the source: a request's method is one."""
    for path in FILES:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                yield node.value


def requests() -> set[str]:
    found = set()
    for service in ("acm", "ce", "cloudformation", "ec2", "ecr", "ecs", "elbv2", "iam", "lambda", "logs", "rds", "s3",
                    "service-quotas", "sns", "sts"):
        known = operations(service)
        found |= {f"{service}:{known[text]}" for text in texts() if text in known}
    return found


ALLOWED = set(actions(policy(*deployer("tap-", "arn:bucket", "arn:role", "plans/", "variables/"))))


def test_the_requests_are_found() -> None:
    assert {"cloudformation:CreateChangeSet", "cloudformation:RollbackStack", "s3:PutObject", "ecs:ListTasks",
            "iam:GetRole", "logs:GetLogEvents", "lambda:GetFunctionConfiguration"} <= requests()
    assert len(requests()) > 30


@pytest.mark.parametrize("request_made", sorted(requests()))
def test_each_request_that_tap_makes_is_allowed(request_made: str) -> None:
    action = OTHERWISE.get(request_made, request_made)
    assert action is None or action in ALLOWED


def test_nothing_is_allowed_that_tap_does_not_ask_for() -> None:
    asked = {OTHERWISE.get(each, each) for each in requests()}
    assert ALLOWED - asked == {
        # What creating a change set takes besides: the role, and tags of the stack.
        "iam:PassRole", "cloudformation:TagResource", "cloudformation:UntagResource"}


@pytest.mark.parametrize("action", sorted(ALLOWED))
def test_each_action_is_one_that_iam_knows(action: str) -> None:
    assert facts_of(action) is not None


def test_what_is_allowed_on_everything_cannot_be_limited() -> None:
    statements = policy(*deployer("tap-", "arn:bucket", "arn:role", "plans/", "variables/"))["Statement"]
    on_everything = some(each for each in statements if each["Resource"] == "*" and "Condition" not in each)
    limited = {action for statement in on_everything for action in statement["Action"]
               if (facts_of(action) or {}).get("Resources")}
    # A limit of the account, to be read, and the summary of a template that is of no stack yet.
    assert limited == {"servicequotas:GetServiceQuota", "cloudformation:GetTemplateSummary"}
