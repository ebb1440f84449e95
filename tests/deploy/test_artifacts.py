"""A template that no request holds goes to the artifact bucket, and CloudFormation reads it there."""

import hashlib
import json
import re
from typing import Any

import pytest
from deploy_fakes import DEV, changed, planned
from memory_aws import MemoryAws
from memory_bucket import MemoryBucket

from tap.deploy.artifacts import PLANS, Storage, check_bucket, upload
from tap.deploy.aws import AwsClient
from tap.deploy.boto import connect
from tap.deploy.cloudformation import CloudFormation
from tap.deploy.models import InputError

pytestmark = pytest.mark.usefixtures("client")  # an account in which nothing is
BUCKET = "artifacts-123456789012"
ENV = changed(DEV, artifact_bucket="artifacts-{account}")
AWS = Storage("123456789012", "eu-west-1", "amazonaws.com", "https://s3.eu-west-1.amazonaws.com")


def large(topics: int = 900) -> str:
    names = [f"Topic{number:04}" for number in range(topics)]
    return json.dumps({"Resources": {"Topic": {"Type": "AWS::SNS::Topic"}},
                       "Metadata": {"Padding": [f"{name}{'x' * 60}" for name in names]}})


@pytest.fixture(scope="module")
def s3(emulator: str) -> Any:
    return connect("s3", region="eu-west-1", endpoint_url=emulator,
                   access_key_id="123456789012", secret_access_key="test")


@pytest.fixture
def cloud(emulator: str, s3: Any) -> CloudFormation:
    sts = connect("sts", region="eu-west-1", endpoint_url=emulator,
                  access_key_id="123456789012", secret_access_key="test")
    cloudformation = connect("cloudformation", region="eu-west-1", endpoint_url=emulator,
                             access_key_id="123456789012", secret_access_key="test")
    return CloudFormation(AwsClient({"cloudformation": cloudformation, "s3": s3, "sts": sts}.__getitem__))


def make_bucket(s3: Any) -> None:
    s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})


def keys(s3: Any) -> list[str]:
    return [each["Key"] for each in s3.list_objects_v2(Bucket=BUCKET).get("Contents", [])]


def test_a_large_template_lies_under_the_hash_of_its_content(cloud: CloudFormation, s3: Any) -> None:
    make_bucket(s3)

    assert planned(cloud, ENV, large()).changes
    assert keys(s3) == [hashlib.sha256(large().encode()).hexdigest()]


def test_a_plans_template_lies_apart_from_those_that_are_deployed(cloud: CloudFormation, s3: Any) -> None:
    make_bucket(s3)

    assert planned(cloud, changed(ENV, artifact_prefix=PLANS), large()).changes
    assert keys(s3) == [f"plans/{hashlib.sha256(large().encode()).hexdigest()}"]


def test_a_large_template_is_put_there_once(cloud: CloudFormation, s3: Any) -> None:
    make_bucket(s3)
    planned(cloud, ENV, large())
    first = s3.list_objects_v2(Bucket=BUCKET)["Contents"][0]["LastModified"]

    planned(cloud, ENV, large())
    assert [each["LastModified"] for each in s3.list_objects_v2(Bucket=BUCKET)["Contents"]] == [first]


def test_what_lies_there_in_its_place_is_not_deployed(cloud: CloudFormation, s3: Any) -> None:
    make_bucket(s3)
    key = hashlib.sha256(large().encode()).hexdigest()
    s3.put_object(Bucket=BUCKET, Key=key, Body=b'{"Resources": {"Evil": {"Type": "AWS::SNS::Topic"}}}')

    plan = planned(cloud, ENV, large())

    assert [change.logical_id for change in plan.changes] == ["Topic"]
    assert s3.get_object(Bucket=BUCKET, Key=key)["Body"].read() == large().encode()


def test_a_small_template_goes_without_a_bucket(cloud: CloudFormation) -> None:
    assert planned(cloud, ENV, large(1)).changes


def test_without_a_bucket_the_command_that_makes_one_is_told(cloud: CloudFormation) -> None:
    with pytest.raises(InputError) as caught:
        planned(cloud, DEV, large())
    assert re.sub(r"\d\d,\d{3} bytes", "N bytes", caught.value.message) == (
        "the template has N bytes, more than the 51,200 that fit in a request: create a bucket (tap bootstrap ENV, or "
        "aws s3 mb s3://tap-artifacts-123456789012-eu-west-1 --region eu-west-1) and set it in "
        'parameters/targets.toml: artifact_bucket = "tap-artifacts-123456789012-eu-west-1"')


def test_a_bucket_that_is_not_there_is_told_with_the_command_that_makes_it(cloud: CloudFormation) -> None:
    command = rf"Create it with tap bootstrap, or with aws s3 mb s3://{BUCKET} --region eu-west-1"
    with pytest.raises(InputError, match=rf"does not exist\. {command}"):
        planned(cloud, ENV, large())


def test_what_no_bucket_helps_is_refused(cloud: CloudFormation) -> None:
    with pytest.raises(InputError, match=r"maximum of 1,048,576"):
        planned(cloud, ENV, large(20_000))


@pytest.mark.parametrize(("place", "bucket", "url"), [
    (AWS, "b", "https://b.s3.eu-west-1.amazonaws.com/k"),
    (AWS, "a.b", "https://s3.eu-west-1.amazonaws.com/a.b/k"),
    (Storage("1", "cn-north-1", "amazonaws.com.cn", "https://s3.cn-north-1.amazonaws.com.cn"), "b",
     "https://b.s3.cn-north-1.amazonaws.com.cn/k"),
    (Storage("1", "us-iso-east-1", "c2s.ic.gov", "https://s3.us-iso-east-1.c2s.ic.gov"), "b",
     "https://b.s3.us-iso-east-1.c2s.ic.gov/k"),
    (Storage("1", "us-east-1", "amazonaws.com", "https://s3.amazonaws.com"), "b",
     "https://b.s3.us-east-1.amazonaws.com/k"),
    (Storage("1", "eu-west-1", "amazonaws.com", "http://127.0.0.1:4566/"), "b", "http://127.0.0.1:4566/b/k"),
])
def test_a_template_url_has_each_partitions_form(place: Storage, bucket: str, url: str) -> None:
    assert place.url(bucket, "k") == url


@pytest.fixture
def theirs(aws: MemoryAws) -> tuple[AwsClient, MemoryBucket]:
    """Return requests of an account, and a bucket that another one owns."""
    bucket = MemoryBucket()
    bucket.owner = "210987654321"
    return AwsClient(lambda service: bucket if service == "s3" else aws), bucket


def test_a_bucket_of_another_account_is_used_where_the_target_names_its_owner(
        theirs: tuple[AwsClient, MemoryBucket]) -> None:
    requests, bucket = theirs
    env = changed(ENV, artifact_bucket_owner="210987654321")

    check_bucket(requests, env, large())
    upload(requests, env, large())

    assert bucket.objects == {hashlib.sha256(large().encode()).hexdigest(): large().encode()}


def test_a_bucket_of_another_account_that_the_target_does_not_name_is_refused(
        theirs: tuple[AwsClient, MemoryBucket]) -> None:
    requests, bucket = theirs

    with pytest.raises(InputError, match=r"does not belong to account 123456789012.*set artifact_bucket_owner in "):
        upload(requests, ENV, large())
    assert bucket.objects == {}
