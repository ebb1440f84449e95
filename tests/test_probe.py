"""The probe of the stack: when there is one, what it requests, and who may call it."""

import json
from collections.abc import Callable

import pytest
from stack_view import StackView

from tap.template.resolve import Reference

Deployed = Callable[..., StackView]
URL = "https://pay.payments.test/health?deep=1"


@pytest.fixture(scope="module")
def probed(deployed: Deployed) -> StackView:
    return deployed(ProbeUrl=URL)


def test_without_a_url_there_is_no_probe(deployed: Deployed) -> None:
    assert not [title for title in deployed().resolved.resources if title.startswith("Probe")]


def test_it_requests_the_url_every_minute(probed: StackView) -> None:
    schedule = probed.properties("ProbeSchedule")
    (target,) = schedule["Targets"]
    assert schedule["ScheduleExpression"] == "rate(1 minute)"
    assert target["Arn"] == Reference("ProbeFunction", "Arn")
    assert json.loads(str(target["Input"])) == {"url": URL}


def test_only_its_schedule_calls_it(probed: StackView) -> None:
    permission = probed.properties("ProbePermission")
    assert (permission["Principal"], permission["SourceArn"]) == (
        "events.amazonaws.com", Reference("ProbeSchedule", "Arn"))


def test_an_error_counts_once(probed: StackView) -> None:
    assert probed.properties("ProbeOnFailure")["MaximumRetryAttempts"] == 0


@pytest.mark.parametrize(("value", "is_taken"), [
    ("", True), ("https://pay.payments.test", True), (URL, True), ("http://10.0.0.1:8080/", True),
    ('https://pay.payments.test/"', False), ("https://pay.payments.test/\\", False), ("ftp://pay.payments.test", False),
    ("pay.payments.test", False), ("https://pay.payments.test/ x", False)])
def test_a_url_is_one_of_http_that_leaves_the_event_json(
        accepts: Callable[[str, str], bool], value: str, is_taken: bool) -> None:
    assert accepts("ProbeUrl", value) is is_taken
