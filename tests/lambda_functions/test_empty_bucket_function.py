"""Custom::EmptyBucket empties a bucket when its stack is deleted, and always answers CloudFormation.

The answer is that of https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/crpg-ref-responses.html;
that a bucket is deleted only once it holds neither version nor delete marker, and that ListObjectVersions
and DeleteObjects take 1,000 of them a call, is in https://docs.aws.amazon.com/AmazonS3/latest/API/.
Incomplete multipart uploads stand in the way of deleting directory buckets only.
"""

import json
from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any

import pytest

STACK = "arn:aws:cloudformation:eu-west-1:123456789012:stack/web-dev/6b1f"
SECRET = "X-Amz-Signature=5ecr3t"
URL = f"https://cloudformation-custom-resource-response.example/answer?{SECRET}"
FIFTEEN_MINUTES = 900_000


class Pages:
    """A paginator, which asks for each page when the one before is done with."""

    def __init__(self, pages: Callable[..., Iterator[dict[str, Any]]]) -> None:
        self.paginate = pages


class Bucket:
    """S3's client for one bucket: versions and delete markers, listed and deleted 1,000 at a time."""

    class exceptions:
        class NoSuchBucket(Exception):
            pass

    def __init__(self, versions: int = 0, markers: int = 0, locked: int = 0, name: str = "assets") -> None:
        self.name = name
        self.held = [(f"v/{n:05}", f"id-{n}", "Versions") for n in range(versions)]
        self.held += [(f"w/{n:05}", f"id-{n}", "DeleteMarkers") for n in range(markers)]
        self.locked = {held[:2] for held in self.held[:locked]}
        self.deletions: list[int] = []

    def get_paginator(self, operation: str) -> Pages:
        assert operation == "list_object_versions"
        return Pages(self.list_object_versions)

    def list_object_versions(self, Bucket: str) -> Iterator[dict[str, Any]]:
        self._find(Bucket)
        last: tuple[str, ...] = ("",)
        while True:
            page: dict[str, Any] = {}
            rest = [held for held in self.held if held > last]
            for key, version, kind in rest[:1000]:
                page.setdefault(kind, []).append({"Key": key, "VersionId": version, "IsLatest": True})
            yield page
            if len(rest) <= 1000:
                return
            last = rest[999]

    def delete_objects(self, Bucket: str, Delete: dict[str, Any]) -> dict[str, Any]:
        self._find(Bucket)
        ids = [(entry["Key"], entry["VersionId"]) for entry in Delete["Objects"]]
        if not 1 <= len(ids) <= 1000:
            raise ValueError("MalformedXML")
        self.deletions.append(len(ids))
        refused = self.locked & set(ids)
        gone = set(ids) - refused
        self.held = [held for held in self.held if held[:2] not in gone]
        errors = [
            {"Key": key, "VersionId": version, "Code": "AccessDenied", "Message": "Access Denied"}
            for key, version in sorted(refused)
        ]
        return {"Errors": errors} if errors else {}

    def _find(self, name: str) -> None:
        if name != self.name:
            raise self.exceptions.NoSuchBucket(name)


class Stacks:
    """CloudFormation's client, for one stack in one status, with buckets on its second page of resources."""

    def __init__(self, status: str, *buckets: str) -> None:
        self.status, self.buckets = status, buckets

    def describe_stacks(self, StackName: str) -> dict[str, Any]:
        assert StackName == STACK
        return {"Stacks": [{"StackId": StackName, "StackStatus": self.status}]}

    def get_paginator(self, operation: str) -> Pages:
        assert operation == "list_stack_resources"
        return Pages(self.list_stack_resources)

    def list_stack_resources(self, StackName: str) -> Iterator[dict[str, Any]]:
        assert StackName == STACK
        # One that was never made has no physical id.
        yield {"StackResourceSummaries": [
            {"ResourceType": "AWS::S3::Bucket", "LogicalResourceId": "Never"},
            {"ResourceType": "AWS::S3::BucketPolicy", "PhysicalResourceId": "policy"}]}
        yield {"StackResourceSummaries": [
            {"ResourceType": "AWS::S3::Bucket", "PhysicalResourceId": name} for name in self.buckets]}


class Context:
    """Lambda's context: the milliseconds left, of which each look at the clock takes a minute."""

    def __init__(self, left: int) -> None:
        self.left = left

    def get_remaining_time_in_millis(self) -> int:
        self.left -= 60_000
        return self.left


def request(kind: str, **fields: Any) -> dict[str, Any]:
    event = {
        "RequestType": kind,
        "ResponseURL": URL,
        "StackId": STACK,
        "RequestId": "r-1",
        "ResourceType": "Custom::EmptyBucket",
        "LogicalResourceId": "AssetsEmptier",
        "ResourceProperties": {"ServiceToken": "arn:aws:lambda:…", "BucketName": "assets"},
    }
    return event | ({} if kind == "Create" else {"PhysicalResourceId": "assets"}) | fields


def respond(
    function: ModuleType,
    event: dict[str, Any],
    bucket: Any = None,
    context: Context | None = None,
    status: str = "DELETE_IN_PROGRESS",
    own: str = "assets",
) -> dict[str, Any]:
    """What the function tells CloudFormation."""
    sent: list[tuple[str, bytes]] = []
    clients = {"s3": bucket, "cloudformation": Stacks(status, own)}
    function.handler(
        event,
        context or Context(FIFTEEN_MINUTES),
        client=clients.__getitem__,
        send=lambda url, body: sent.append((url, body)),
    )
    [(url, body)] = sent
    assert url == URL
    assert len(body) <= 4096
    answer: dict[str, Any] = json.loads(body)
    return answer


def test_a_delete_removes_every_version_and_every_delete_marker(empty_bucket: ModuleType) -> None:
    bucket = Bucket(versions=1_800, markers=700)
    assert respond(empty_bucket, request("Delete"), bucket) == {
        "StackId": STACK,
        "RequestId": "r-1",
        "LogicalResourceId": "AssetsEmptier",
        "PhysicalResourceId": "assets",
        "Status": "SUCCESS",
        "Reason": "2500 versions deleted",
    }
    assert bucket.held == []


def test_a_delete_takes_a_thousand_a_call(empty_bucket: ModuleType) -> None:
    bucket = Bucket(versions=1_800, markers=700)
    respond(empty_bucket, request("Delete"), bucket)
    assert bucket.deletions == [1000, 1000, 500]


def test_an_empty_bucket_needs_no_deletion(empty_bucket: ModuleType) -> None:
    bucket = Bucket()
    assert respond(empty_bucket, request("Delete"), bucket)["Status"] == "SUCCESS"
    assert bucket.deletions == []


def test_a_second_delete_succeeds(empty_bucket: ModuleType) -> None:
    bucket = Bucket(versions=3)
    respond(empty_bucket, request("Delete"), bucket)
    second = respond(empty_bucket, request("Delete"), bucket)
    assert (second["Status"], second["Reason"]) == ("SUCCESS", "0 versions deleted")


def test_a_bucket_that_is_gone_is_a_success(empty_bucket: ModuleType) -> None:
    answer = respond(empty_bucket, request("Delete"), Bucket(name="another"))
    assert (answer["Status"], answer["Reason"]) == ("SUCCESS", "assets is already deleted")


@pytest.mark.parametrize("kind", ["Create", "Update"])
def test_a_create_or_update_touches_nothing_and_is_known_by_its_bucket(
    empty_bucket: ModuleType, kind: str
) -> None:
    bucket = Bucket(versions=3)
    answer = respond(empty_bucket, request(kind), bucket)
    assert (answer["Status"], answer["PhysicalResourceId"]) == ("SUCCESS", "assets")
    assert len(bucket.held) == 3


def test_an_update_to_another_bucket_is_known_by_the_new_one(empty_bucket: ModuleType) -> None:
    event = request("Update", PhysicalResourceId="old", OldResourceProperties={"BucketName": "old"})
    assert respond(empty_bucket, event)["PhysicalResourceId"] == "assets"


def test_a_delete_answers_under_the_id_it_was_sent_with(empty_bucket: ModuleType) -> None:
    answer = respond(empty_bucket, request("Delete", PhysicalResourceId="given-by-cloudformation"), Bucket())
    assert answer["PhysicalResourceId"] == "given-by-cloudformation"


@pytest.mark.parametrize("status", ["DELETE_IN_PROGRESS", "ROLLBACK_IN_PROGRESS"])
def test_the_bucket_of_a_stack_that_goes_is_emptied(empty_bucket: ModuleType, status: str) -> None:
    bucket = Bucket(versions=3)
    respond(empty_bucket, request("Delete"), bucket, status=status)
    assert bucket.held == []


@pytest.mark.parametrize(
    "status",
    [
        "UPDATE_IN_PROGRESS",
        "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS",
        "UPDATE_ROLLBACK_IN_PROGRESS",
        "UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS",
    ],
)
def test_the_bucket_of_a_stack_that_lives_on_is_left_as_it_is(empty_bucket: ModuleType, status: str) -> None:
    bucket = Bucket(versions=3)
    answer = respond(empty_bucket, request("Delete"), bucket, status=status)
    assert (answer["Status"], answer["Reason"]) == ("SUCCESS", "assets was not emptied: the stack's status is "
                                                               f"{status}")
    assert len(bucket.held) == 3


def test_versions_that_s3_refuses_to_delete_are_counted_and_the_others_deleted(
    empty_bucket: ModuleType,
) -> None:
    bucket = Bucket(versions=1_500, locked=7)
    answer = respond(empty_bucket, request("Delete"), bucket)
    assert (answer["Status"], answer["Reason"]) == (
        "FAILED",
        "RuntimeError: 1493 versions deleted, 7 could not be deleted: " + ", ".join(f"v/{n:05} "
                                                                                    "(AccessDenied)" for n in range(7)),
    )
    assert len(bucket.held) == 7


def test_a_page_that_s3_refuses_as_a_whole_hides_none_of_the_others(empty_bucket: ModuleType) -> None:
    bucket = Bucket(versions=2_500, locked=1_200)
    answer = respond(empty_bucket, request("Delete"), bucket)
    assert answer["Reason"].startswith("RuntimeError: 1300 versions deleted, 1200 could not be deleted: v/00000 "
                                       "(AccessDenied), ")
    assert len(bucket.held) == 1_200


@pytest.mark.parametrize("foreign", ["ledger", "policy", "Never", ""])
def test_a_bucket_that_is_not_in_its_stack_is_refused(empty_bucket: ModuleType, foreign: str) -> None:
    bucket = Bucket(versions=3, name=foreign)
    event = request("Delete", PhysicalResourceId=foreign, ResourceProperties={"BucketName": foreign})
    answer = respond(empty_bucket, event, bucket)
    assert (answer["Status"], answer["Reason"]) == (
        "FAILED", f"PermissionError: {foreign} is not a bucket of this stack")
    assert len(bucket.held) == 3


def test_a_version_refused_once_is_tried_again(empty_bucket: ModuleType) -> None:
    class Throttling(Bucket):
        def delete_objects(self, Bucket: str, Delete: dict[str, Any]) -> dict[str, Any]:
            result = super().delete_objects(Bucket, Delete)
            self.locked = set()
            return result

    bucket = Throttling(versions=10, locked=4)
    assert respond(empty_bucket, request("Delete"), bucket)["Reason"] == "10 versions deleted"
    assert bucket.held == []


def test_when_time_runs_short_the_answer_says_how_to_go_on(empty_bucket: ModuleType) -> None:
    bucket = Bucket(versions=2_500)
    answer = respond(empty_bucket, request("Delete"), bucket, Context(280_000))
    assert (answer["Status"], answer["Reason"]) == (
        "FAILED",
        "TimeoutError: 2000 versions deleted, more remain: delete the stack again to continue",
    )
    assert respond(empty_bucket, request("Delete"), bucket)["Reason"] == "500 versions deleted"


def test_an_error_is_answered_with_its_type_and_message(empty_bucket: ModuleType) -> None:
    class Forbidden(Bucket):
        def list_object_versions(self, Bucket: str) -> Iterator[dict[str, Any]]:
            raise PermissionError(f"not authorised to list {Bucket}")

    answer = respond(empty_bucket, request("Delete"), Forbidden())
    assert (answer["Status"], answer["Reason"]) == (
        "FAILED",
        "PermissionError: not authorised to list assets",
    )


@pytest.mark.parametrize("kind", ["Create", "Update", "Delete"])
def test_a_resource_without_its_bucket_name_is_answered_too(empty_bucket: ModuleType, kind: str) -> None:
    answer = respond(empty_bucket, request(kind, ResourceProperties={}))
    assert (answer["Status"], answer["Reason"]) == ("FAILED", "KeyError: 'BucketName'")
    assert answer["PhysicalResourceId"]


@pytest.mark.parametrize("message", ["x" * 9_000, "\u00e9" * 9_000, "\U0001f600" * 9_000, "\x00" * 9_000])
def test_a_long_reason_stays_within_what_cloudformation_reads(empty_bucket: ModuleType, message: str) -> None:
    class Broken(Bucket):
        def list_object_versions(self, Bucket: str) -> Iterator[dict[str, Any]]:
            raise OSError(Bucket + message)

    answer = respond(empty_bucket, request("Delete"), Broken())
    assert len(answer["Reason"]) == 500


def test_the_log_is_one_json_line_with_the_answer_and_without_the_url(
    empty_bucket: ModuleType, capsys: pytest.CaptureFixture[str]
) -> None:
    answer = respond(empty_bucket, request("Delete"), Bucket(versions=3))
    out, err = capsys.readouterr()
    assert [json.loads(line) for line in out.splitlines()] == [answer]
    assert SECRET not in out + err
