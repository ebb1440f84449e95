"""Notification topics and tags of the stack, as parameters/targets.toml has them."""

import json
from typing import Any

import pytest
from memory_aws import MemoryAws, Stack
from memory_tap import Tap

TOPIC, OTHER = (f"arn:aws:sns:eu-west-1:123456789012:{name}" for name in ("audit", "chat.fifo"))


def targets(tap: Tap, text: str) -> None:
    (tap.root / "parameters/targets.toml").write_text(text)


def requested(tap: Tap, aws: MemoryAws) -> dict[str, Any]:
    assert tap("deploy", "dev", "--yes") == 0
    return dict(aws.requests)["create_change_set"]


def tags(tap: Tap, aws: MemoryAws) -> dict[str, str]:
    return {tag["Key"]: tag["Value"] for tag in requested(tap, aws)["Tags"]}


def test_a_stacks_events_go_to_the_topics_of_its_target(tap: Tap, aws: MemoryAws) -> None:
    targets(tap, f'[default]\nnotification_topics = ["{TOPIC}", "{OTHER}"]\n')

    assert requested(tap, aws)["NotificationARNs"] == [TOPIC, OTHER]


def test_no_topics_remove_those_of_the_stack(tap: Tap, aws: MemoryAws) -> None:
    targets(tap, f'[default]\nnotification_topics = ["{TOPIC}"]\n[dev]\nnotification_topics = []\n')

    assert requested(tap, aws)["NotificationARNs"] == []


def test_a_target_without_topics_leaves_the_stacks_alone(tap: Tap, aws: MemoryAws) -> None:
    assert "NotificationARNs" not in requested(tap, aws)


@pytest.mark.parametrize(("wanted", "told"), [
    (f'["{OTHER}"]', f"go to {TOPIC}, and to {OTHER} after the next update that changes anything else"),
    ("[]", f"go to {TOPIC}, and to no topic after the next update that changes anything else")])
def test_a_plan_says_where_the_stacks_events_will_go(tap: Tap, stack: Stack, wanted: str, told: str) -> None:
    stack.attributes = {"NotificationARNs": [TOPIC]}
    targets(tap, f"[dev]\nnotification_topics = {wanted}\n")

    assert tap("plan", "dev") == 0
    assert told in " ".join(tap.out.split())


def test_a_plan_says_nothing_of_topics_that_stay(tap: Tap, stack: Stack) -> None:
    stack.attributes = {"NotificationARNs": [TOPIC]}
    targets(tap, f'[dev]\nnotification_topics = ["{TOPIC}"]\n')

    assert tap("plan", "dev") == 0
    assert "the stack's events" not in tap.out


@pytest.mark.parametrize("value", ['"audit"', '["audit"]', "[1]", json.dumps([TOPIC] * 6),
                                   '["arn:aws:sqs:eu-west-1:123456789012:audit"]'])
def test_what_is_no_list_of_topics_is_refused(tap: Tap, value: str) -> None:
    targets(tap, f"[dev]\nnotification_topics = {value}\n")

    assert tap("plan", "dev") == 2
    assert "[dev] notification_topics" in tap.err


def test_a_saved_plan_is_refused_where_the_topics_have_changed(tap: Tap, stack: Stack) -> None:
    file = tap.root / "plan.json"
    targets(tap, f'[dev]\nnotification_topics = ["{TOPIC}"]\n')
    assert tap("plan", "dev", "--save", str(file)) == 0
    targets(tap, f'[dev]\nnotification_topics = ["{OTHER}"]\n')

    assert tap("deploy", "dev", "--plan", str(file), "--yes") == 4
    assert stack.status == "CREATE_COMPLETE"


def test_tags_come_from_default_target_and_file_the_nearest_wins(tap: Tap, aws: MemoryAws) -> None:
    targets(tap, """[default]
tags = { Owner = "all", Cost = "1", Team = "a" }
[dev]
tags = { Owner = "dev", Cost = "2" }
""")
    (tap.root / "parameters/dev.json").write_text('{"Tags": {"Owner": "file"}}')

    assert tags(tap, aws) == {"Owner": "file", "Cost": "2", "Team": "a"}


@pytest.mark.parametrize(("value", "told"), [
    ('"x"', "must be a table of strings"), ("{ A = 1 }", "must contain only strings: put the value of A in quotes"),
    ('{ "aws:x" = "1" }', "tag aws:x is reserved for AWS"), ('{ A = "" }', "tag A must have 1 to 256 characters")])
def test_tags_that_cloudformation_takes_from_nobody_are_refused(tap: Tap, value: str, told: str) -> None:
    targets(tap, f"[dev]\ntags = {value}\n")

    assert tap("plan", "dev") == 2
    assert told in tap.err
