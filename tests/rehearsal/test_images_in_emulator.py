"""A repository in the emulator, and images in it. The emulator expires no image."""

import json
from collections.abc import Iterator

import pytest

from tap.bootstrap.repository import build
from tap.bootstrap.repository_names import stack_name
from tap.deploy.aws import AwsClient
from tap.deploy.cloudformation import CloudFormation
from tap.deploy.images import mark_deployed
from tap.deploy.models import Environment, Observer, Outcome, Target, Values
from tap.deploy.template import Rendered
from tap.rehearsal.emulator import ACCOUNT, REGION, clients, emulator
from tap.template.render import to_text

NAME = "payments/web"
DEPLOYER = f"arn:aws:iam::{ACCOUNT}:role/bootstrap/deployer"


@pytest.fixture(scope="module")
def aws() -> Iterator[AwsClient]:
    """Return clients of an emulator that has the repository, with one image in it."""
    template = build()
    env = Environment("dev", Target(stack_name(NAME), REGION), Values(
        {"RepositoryName": NAME, "DeployerRoleArn": DEPLOYER}))
    with emulator() as endpoint:
        aws = AwsClient(clients(endpoint), lambda _seconds: None)
        with CloudFormation(aws).change_set(env, Rendered(template.to_dict(), to_text(template))) as change:
            assert change.apply(Observer()) is Outcome.APPLIED
        aws.service("ecr")("put_image", repositoryName=NAME, imageManifest='{"schemaVersion": 2}', imageTag="1.0")
        yield aws


def tags(aws: AwsClient) -> list[str]:
    found, = aws.service("ecr")("describe_images", repositoryName=NAME)["imageDetails"]
    return sorted(found["imageTags"])


def test_the_repository_is_immutable_and_scanned(aws: AwsClient) -> None:
    found, = aws.service("ecr")("describe_repositories", repositoryNames=[NAME])["repositories"]
    assert found["imageTagMutability"] == "IMMUTABLE"
    assert found["imageScanningConfiguration"] == {"scanOnPush": True}


def test_its_rules_are_json_with_the_number_of_images_in_them(aws: AwsClient) -> None:
    text = aws.service("ecr")("get_lifecycle_policy", repositoryName=NAME)["lifecyclePolicyText"]
    assert [rule["selection"]["countNumber"] for rule in json.loads(text)["rules"]] == [9999, 7, 100]


def test_a_deployed_image_gets_a_second_tag_however_often_it_is_deployed(aws: AwsClient) -> None:
    image = f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com/{NAME}:1.0"
    assert mark_deployed(aws, image) is None
    assert mark_deployed(aws, image) is None
    own, mark = tags(aws)
    assert own == "1.0"
    assert mark.startswith("deployed-")


def test_an_image_that_does_not_exist_is_not_tagged(aws: AwsClient) -> None:
    assert mark_deployed(aws, f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com/{NAME}:9.9")
