"""The repository's template: what it keeps, and who may do what with it."""

import json
import re
from collections.abc import Mapping
from typing import Any

import pytest
from stack_view import StackView

from tap.bootstrap.repository import SAMPLES, build
from tap.bootstrap.repository_names import NAME, stack_name
from tap.deploy.constraints import violation
from tap.deploy.images import DEPLOYED
from tap.template.render import to_text
from tap.template.resolve import resolve

TEMPLATE: dict[str, Any] = build().to_dict()
DEPLOYER = "arn:aws:iam::123456789012:role/bootstrap/deployer"


def repository(**parameters: str) -> Mapping[str, Any]:
    return StackView(resolve(TEMPLATE, {**SAMPLES["sample"], **parameters}, stack_name="s")).properties("Repository")


def rules(**parameters: str) -> list[dict[str, Any]]:
    text = str(repository(**parameters)["LifecyclePolicy"]["LifecyclePolicyText"])
    return list(json.loads(text)["rules"])


def expired(images: list[tuple[str, ...]], **parameters: str) -> list[tuple[str, ...]]:
    """What ECR's evaluator expires of tagged images, newest first: an image is its tags.

    https://docs.aws.amazon.com/AmazonECR/latest/userguide/LifecyclePolicies.html
    """
    gone, taken = [], set[tuple[str, ...]]()
    for rule in sorted(rules(**parameters), key=lambda rule: rule["rulePriority"]):
        selection = rule["selection"]
        if selection["tagStatus"] != "tagged":
            continue
        prefix, = selection.get("tagPrefixList") or [each.rstrip("*") for each in selection["tagPatternList"]]
        matching = [image for image in images if any(tag.startswith(prefix) for tag in image)]
        gone += [image for image in matching[selection["countNumber"]:] if image not in taken]
        taken |= set(matching)
    return gone


def test_tags_are_immutable_pushes_are_scanned_and_images_encrypted() -> None:
    found = repository()
    assert found["ImageTagMutability"] == "IMMUTABLE"
    assert found["ImageScanningConfiguration"] == {"ScanOnPush": True}
    assert found["EncryptionConfiguration"] == {"EncryptionType": "AES256"}


def test_no_deletion_and_no_replacement_takes_the_images_along() -> None:
    resource = TEMPLATE["Resources"]["Repository"]
    assert (resource["DeletionPolicy"], resource["UpdateReplacePolicy"]) == ("RetainExceptOnCreate", "Retain")


def test_the_newest_images_are_kept() -> None:
    assert expired([("4",), ("3",), ("2",), ("1",)], KeepImages="3") == [("1",)]


def test_what_was_deployed_does_not_expire_however_old_it_is() -> None:
    images = [("4",), ("3",), ("2",), ("1", f"{DEPLOYED}0123456789ab")]
    assert expired(images, KeepImages="1") == [("3",), ("2",)]


def test_untagged_images_expire_after_a_week() -> None:
    rule, = (rule for rule in rules() if rule["selection"]["tagStatus"] == "untagged")
    assert (rule["selection"]["countUnit"], rule["selection"]["countNumber"]) == ("days", 7)


def test_the_deployer_may_tag_and_nobody_else_is_named() -> None:
    statement, = repository(DeployerRoleArn=DEPLOYER)["RepositoryPolicyText"]["Statement"]
    assert statement["Principal"] == {"AWS": DEPLOYER}
    assert statement["Action"] == ["ecr:BatchGetImage", "ecr:PutImage"]


def test_without_a_deployer_there_is_no_policy() -> None:
    assert "RepositoryPolicyText" not in repository(DeployerRoleArn="")


def test_it_fits_a_request() -> None:
    assert len(to_text(build()).encode()) < 51_200


@pytest.mark.parametrize(("name", "good"), [
    ("payments", True), ("payments/web", True), ("a.b_c-d/e1", True), ("Payments", False), ("payments/", False),
    ("-web", False), ("a//b", False), ("payments:1", False)])
def test_names_are_ecrs(name: str, good: bool) -> None:
    assert bool(re.fullmatch(NAME, name)) is good
    assert (violation("RepositoryName", name, TEMPLATE["Parameters"]["RepositoryName"], "") is None) is good


def test_a_stacks_name_has_no_character_that_cloudformation_refuses() -> None:
    assert stack_name("payments/web_v2.x") == "bootstrap-tap-repository-payments-web-v2-x"
