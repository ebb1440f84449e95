"""Custom::EmptyBucket as CloudFormation runs it, in the emulator: inlined in a template, called by a stack.

The emulator deletes a bucket that still holds objects, which AWS refuses; so the bucket here is retained,
and looked into once the stack is gone.
"""

import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from types import ModuleType
from typing import Any

import pytest
from emulated import emulator
from processes import HANG

STACK = "emptied"
BUCKET = "emptied-assets"


@pytest.fixture(scope="module")
def client() -> Iterator[Callable[[str], Any]]:
    """A maker of clients of an emulator of our own."""
    with emulator() as clients:
        yield clients


def template(source: str, *, emptied: bool = True) -> str:
    resources: dict[str, Any] = {
        "Assets": {
            "Type": "AWS::S3::Bucket",
            "DeletionPolicy": "Retain",
            "Properties": {"BucketName": BUCKET, "VersioningConfiguration": {"Status": "Enabled"}},
        },
        "Role": {"Type": "AWS::IAM::Role", "Properties": {"AssumeRolePolicyDocument": {}}},
        "Function": {
            "Type": "AWS::Lambda::Function",
            "Properties": {
                "Runtime": "python3.13",
                "Handler": "index.handler",
                "Timeout": 900,
                "Role": {"Fn::GetAtt": ["Role", "Arn"]},
                "Code": {"ZipFile": source},
            },
        },
    }
    if emptied:
        resources["Emptier"] = {
            "Type": "Custom::EmptyBucket",
            "Properties": {
                "ServiceToken": {"Fn::GetAtt": ["Function", "Arn"]},
                "ServiceTimeout": 60,
                "BucketName": {"Ref": "Assets"},
            },
        }
    return json.dumps({"Resources": resources})


@pytest.fixture
def stack(client: Callable[[str], Any], empty_bucket_source: str) -> Iterator[Any]:
    """CloudFormation, with a stack whose bucket holds five versions and a delete marker."""
    cloudformation, s3 = client("cloudformation"), client("s3")
    cloudformation.create_stack(StackName=STACK, TemplateBody=template(empty_bucket_source))
    wait(cloudformation, "stack_create_complete")
    for key in ("a", "a", "b", "with space & <\u00e9>", "c/d"):
        s3.put_object(Bucket=BUCKET, Key=key, Body=b"x")
    s3.delete_object(Bucket=BUCKET, Key="b")
    yield cloudformation
    cloudformation.delete_stack(StackName=STACK)
    wait(cloudformation, "stack_delete_complete")
    for version in held(s3):
        s3.delete_object(Bucket=BUCKET, Key=version["Key"], VersionId=version["VersionId"])
    s3.delete_bucket(Bucket=BUCKET)


def wait(cloudformation: Any, what: str) -> None:
    cloudformation.get_waiter(what).wait(StackName=STACK, WaiterConfig={"Delay": 0.2, "MaxAttempts": 5 * HANG})


def held(s3: Any) -> list[dict[str, Any]]:
    """The bucket's versions and delete markers."""
    page = s3.list_object_versions(Bucket=BUCKET)
    return [*page.get("Versions", []), *page.get("DeleteMarkers", [])]


def test_deleting_the_stack_empties_its_bucket(stack: Any, client: Callable[[str], Any]) -> None:
    s3 = client("s3")
    assert len(held(s3)) == 6
    stack.delete_stack(StackName=STACK)
    wait(stack, "stack_delete_complete")
    assert held(s3) == []


def test_deleting_the_stack_empties_its_bucket_of_2500_versions(stack: Any, client: Callable[[str], Any]) -> None:
    s3 = client("s3")

    def put(number: int) -> None:
        s3.put_object(Bucket=BUCKET, Key=f"{number % 100}", Body=b"x")

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(put, range(1_500)))
    # A delete marker each, whether the key exists or not: 1,000 a call instead of one.
    s3.delete_objects(Bucket=BUCKET, Delete={"Objects": [{"Key": f"m/{n}"} for n in range(1_000)], "Quiet": True})
    stack.delete_stack(StackName=STACK)
    wait(stack, "stack_delete_complete")
    assert held(s3) == []


def test_an_update_that_drops_the_resource_leaves_the_bucket_as_it_is(
    stack: Any, client: Callable[[str], Any], empty_bucket_source: str
) -> None:
    stack.update_stack(StackName=STACK, TemplateBody=template(empty_bucket_source, emptied=False))
    wait(stack, "stack_update_complete")
    resources = stack.describe_stack_resources(StackName=STACK)["StackResources"]
    assert {resource["LogicalResourceId"] for resource in resources} == {"Assets", "Role", "Function"}
    assert len(held(client("s3"))) == 6


class Context:
    """Lambda's context: fifteen minutes, of which each look at the clock takes one."""

    def __init__(self) -> None:
        self.left = 900_000

    def get_remaining_time_in_millis(self) -> int:
        self.left -= 60_000
        return self.left


class DeletingStack:
    """CloudFormation, of a stack with these buckets that is being deleted."""

    def __init__(self, *buckets: str) -> None:
        self.buckets = buckets

    def describe_stacks(self, StackName: str) -> dict[str, Any]:
        return {"Stacks": [{"StackId": StackName, "StackStatus": "DELETE_IN_PROGRESS"}]}

    def get_paginator(self, _: str) -> "DeletingStack":
        return self

    def paginate(self, **_: str) -> list[dict[str, Any]]:
        return [{"StackResourceSummaries": [
            {"ResourceType": "AWS::S3::Bucket", "PhysicalResourceId": name} for name in self.buckets]}]


def delete(
    function: ModuleType, client: Callable[[str], Any], bucket: str, **clients: Any
) -> tuple[str, str]:
    """Status and reason that the function answers to a Delete, with the emulator's S3 behind it."""
    event = {
        "RequestType": "Delete",
        "ResponseURL": "",
        "StackId": STACK,
        "RequestId": "r-1",
        "LogicalResourceId": "Emptier",
        "PhysicalResourceId": bucket,
        "ResourceProperties": {"BucketName": bucket},
    }
    sent: list[bytes] = []
    function.handler(
        event,
        Context(),
        client=lambda service: clients.get(service) or client(service),
        send=lambda _, body: sent.append(body),
    )
    answer = json.loads(sent[0])
    return answer["Status"], answer["Reason"]


def test_a_bucket_that_s3_does_not_know_is_a_success(
    empty_bucket: ModuleType, client: Callable[[str], Any]
) -> None:
    answer = delete(empty_bucket, client, "no-such-bucket", cloudformation=DeletingStack("no-such-bucket"))
    assert answer == ("SUCCESS", "no-such-bucket is already deleted")


def test_an_error_of_aws_is_answered_with_its_own_words(
    empty_bucket: ModuleType, client: Callable[[str], Any]
) -> None:
    status, reason = delete(empty_bucket, client, "some-bucket")
    assert status == "FAILED"
    assert "(ValidationError) when calling the DescribeStacks operation" in reason
    assert STACK in reason
