"""What an update leaves behind because its clean-up cannot delete it."""

import json

import pytest
from memory_aws import MemoryAws
from memory_tap import Tap

LEFT = "Topic Topic-1 (SNS::Topic) could not be deleted (it is in use)"


@pytest.fixture(autouse=True)
def in_use(aws: MemoryAws) -> None:
    aws.undeletable, aws.reason = {"Topic"}, "it is in use"


@pytest.mark.usefixtures("stack")
def test_a_deployment_whose_clean_up_fails_says_what_remains(tap: Tap) -> None:
    assert tap("deploy", "dev", "--yes") == 0
    assert f"warning: {LEFT}: it is no longer part of the stack" in tap.out
    assert tap.out.endswith(", but 1 could not be deleted (see above).\n")


@pytest.mark.usefixtures("stack")
def test_what_remains_is_in_the_json(tap: Tap) -> None:
    assert tap("deploy", "dev", "--yes", "--json") == 0
    assert json.loads(tap.out)["left_behind"] == [
        {"logical_id": "Topic", "physical_id": "Topic-1", "type": "AWS::SNS::Topic", "reason": "it is in use"}]


@pytest.mark.usefixtures("stack")
def test_a_rollback_whose_clean_up_fails_says_what_remains(tap: Tap, aws: MemoryAws) -> None:
    aws.failing = {"Topic"}

    assert tap("deploy", "dev", "--yes") == 1
    assert LEFT in tap.err
