"""The faults a deployment survives, and what is left in the account after those it does not."""

import json
import os
import signal
from datetime import timedelta

import pytest
from botocore.exceptions import ConnectionClosedError, EndpointConnectionError, ReadTimeoutError
from botocore.parsers import ResponseParserError
from memory_aws import NEW, NOON, OLD, TABLE, TOPIC, ChangeSet, MemoryAws, Stack
from memory_service import refusal
from memory_tap import Tap

TIMEOUT = ReadTimeoutError(endpoint_url="http://aws")
DOWN = EndpointConnectionError(endpoint_url="http://aws")
RESET = ConnectionClosedError(endpoint_url="http://aws")
GARBLED = ResponseParserError("<Half")
THROTTLED = refusal("Throttling", "Rate exceeded")
BROKEN = refusal("InternalFailure", "we are sorry", status=500)
DENIED = refusal("AccessDenied", "User is not authorized")
EXPIRED = refusal("ExpiredToken", "The security token is expired")
TOKENLESS = FileNotFoundError(2, "No such file or directory", "/run/token")  # of a web identity, when it is renewed
READS = ("describe_stacks", "describe_change_set", "list_change_sets", "get_template", "get_stack_policy",
         "describe_stack_events", "list_exports")
WRITES = ("create_change_set", "set_stack_policy", "execute_change_set")
DEPLOY_CALLS = tuple(name for name in READS if name != "list_exports") + WRITES


# -- what passes is survived


@pytest.mark.parametrize("method", DEPLOY_CALLS)
def test_a_minute_of_throttling_is_waited_out(tap: Tap, aws: MemoryAws, stack: Stack, method: str) -> None:
    aws.faults[method] = [("before", THROTTLED)] * 30

    assert tap("deploy", "dev", "--yes") == 0
    assert (stack.status, json.loads(stack.template), len(aws.executed)) == ("UPDATE_COMPLETE", NEW, 1)


@pytest.mark.parametrize("error", [BROKEN, TIMEOUT, DOWN, RESET, GARBLED],
                         ids=["500", "hang", "no route", "reset", "truncated"])
@pytest.mark.parametrize("method", READS[:-1])
def test_a_passing_fault_of_a_question_is_asked_again(
        tap: Tap, aws: MemoryAws, stack: Stack, method: str, error: BaseException) -> None:
    aws.faults[method] = [("before", error)] * 3

    assert tap("deploy", "dev", "--yes") == 0
    assert (stack.status, len(aws.executed)) == ("UPDATE_COMPLETE", 1)


@pytest.mark.usefixtures("stack")
@pytest.mark.parametrize("error", [BROKEN, TIMEOUT, DOWN, RESET, GARBLED])
def test_a_minute_of_faults_while_watching_is_survived(tap: Tap, aws: MemoryAws, error: BaseException) -> None:
    aws.hooks["execute_change_set"] = lambda: aws.faults.update(describe_stack_events=[("before", error)] * 100)

    assert tap("deploy", "dev", "--yes") == 0


def fall_silent(tap: Tap, aws: MemoryAws, method: str) -> None:
    """Let a call go unanswered from now on, each time for as long as the client tries it."""
    def wait_in_vain() -> None:
        tap.slept += 60
        aws.hooks[method] = wait_in_vain

    aws.always[method] = TIMEOUT
    aws.hooks[method] = wait_in_vain


@pytest.mark.parametrize("command", [["plan"], ["deploy", "--yes"], ["watch"], ["delete", "--yes"]])
def test_an_aws_that_is_silent_is_given_up_after_two_minutes(tap: Tap, aws: MemoryAws, command: list[str]) -> None:
    fall_silent(tap, aws, "describe_stacks")

    assert tap(*command, "dev") == 1
    assert "no response from AWS: Read timeout" in tap.err
    assert tap.slept < 130


def test_an_aws_that_falls_silent_while_watching_is_left_after_some_minutes(
        tap: Tap, aws: MemoryAws, stack: Stack) -> None:
    aws.hooks["execute_change_set"] = lambda: fall_silent(tap, aws, "describe_stack_events")

    assert tap("deploy", "dev", "--yes") == 5
    assert "CloudFormation continues with stack tap-dev" in tap.err
    assert stack.status == "UPDATE_IN_PROGRESS"
    assert 300 < tap.slept < 450


# -- what is refused leaves nothing


@pytest.mark.parametrize("method", DEPLOY_CALLS)
def test_a_call_that_is_not_allowed_ends_it_and_leaves_nothing_unsaid(
        tap: Tap, aws: MemoryAws, stack: Stack, method: str) -> None:
    aws.always[method] = DENIED

    code = tap("deploy", "dev", "--yes")

    assert (aws.executed, stack.status, code) == ([], "CREATE_COMPLETE", 1) or method in ("get_template",)
    assert tap.left() == []
    assert "Traceback" not in tap.err


@pytest.mark.parametrize("method", DEPLOY_CALLS)
def test_credentials_that_expire_before_anything_is_executed_are_said(
        tap: Tap, aws: MemoryAws, stack: Stack, method: str) -> None:
    aws.always[method] = EXPIRED

    code = tap("deploy", "dev", "--yes")

    assert (code, stack.status) == (2, "CREATE_COMPLETE") or method == "get_template"
    assert tap.left() == []


@pytest.mark.parametrize("error", [DOWN, BROKEN, RESET])
def test_a_first_change_set_that_cannot_be_asked_for_leaves_no_empty_stack(
        tap: Tap, aws: MemoryAws, error: BaseException) -> None:
    aws.faults["create_change_set"] = [("after", error)] * 9

    assert tap("deploy", "dev", "--yes") == 1
    assert (aws.stacks, tap.left()) == ({}, [])


# -- answers that are lost after the work was done


@pytest.mark.parametrize(("method", "when", "error"), [
    ("create_change_set", "twice", TIMEOUT),
    ("execute_change_set", "twice", TIMEOUT),
    ("execute_change_set", "after", TIMEOUT),
    ("execute_change_set", "after", RESET),
    ("execute_change_set", "after", GARBLED),
    ("execute_change_set", "after", BROKEN),
    ("set_stack_policy", "twice", TIMEOUT),
])  # fmt: skip
def test_a_lost_answer_is_looked_for_and_nothing_is_done_twice(
        tap: Tap, aws: MemoryAws, stack: Stack, method: str, when: str, error: BaseException) -> None:
    aws.faults[method] = [(when, error)]

    assert tap("deploy", "dev", "--yes") == 0
    assert (stack.status, len(aws.executed)) == ("UPDATE_COMPLETE", 1)


@pytest.mark.parametrize("when", ["after", "twice"])
def test_a_lost_answer_to_a_deleted_change_set_leaves_nothing(
        tap: Tap, aws: MemoryAws, when: str) -> None:
    aws.faults["delete_change_set"] = [(when, TIMEOUT)]

    assert tap("plan", "dev") in (0, 1)
    assert tap.left() == []


@pytest.mark.parametrize("error", [TIMEOUT, RESET, GARBLED, BROKEN])
@pytest.mark.parametrize("when", ["after", "twice"])
def test_a_lost_answer_to_a_deletion_is_followed_all_the_same(
        tap: Tap, aws: MemoryAws, stack: Stack, when: str, error: BaseException) -> None:
    aws.faults["delete_stack"] = [(when, error)]

    assert tap("delete", "dev", "--yes") == 0
    assert (stack.status, aws.stacks) == ("DELETE_COMPLETE", {})


def test_a_start_that_nobody_can_tell_of_counts_as_running(tap: Tap, aws: MemoryAws, stack: Stack) -> None:
    aws.faults["execute_change_set"] = [("after", TIMEOUT)]
    aws.hooks["execute_change_set"] = lambda: aws.always.update(describe_change_set=DOWN)

    assert tap("deploy", "dev", "--yes") == 5
    assert "cannot determine whether the change set was started" in tap.err
    assert "tap watch dev" in tap.err
    assert stack.status == "UPDATE_IN_PROGRESS"


# -- nobody watches any more


@pytest.mark.parametrize("error", [EXPIRED, DENIED, TOKENLESS, KeyboardInterrupt()],
                         ids=["expired", "denied", "no token", "Ctrl-C"])
def test_a_watch_that_ends_leaves_the_stack_to_cloudformation_and_can_be_taken_up_again(
        tap: Tap, aws: MemoryAws, stack: Stack, error: BaseException) -> None:
    aws.hooks["execute_change_set"] = lambda: aws.always.update(describe_stack_events=error)

    assert tap("deploy", "dev", "--yes") == 5
    assert tap.err.rstrip().endswith(f"tap watch dev --root {tap.root}")
    assert stack.status == "UPDATE_IN_PROGRESS"

    aws.always.clear()
    assert tap("watch", "dev") == 0
    assert (stack.status, len(aws.executed)) == ("UPDATE_COMPLETE", 1)


@pytest.mark.parametrize("error", [EXPIRED, DENIED, KeyboardInterrupt()], ids=["expired", "denied", "Ctrl-C"])
def test_what_is_applied_is_not_reported_as_failed_for_want_of_its_outputs(
        tap: Tap, aws: MemoryAws, stack: Stack, error: BaseException) -> None:
    (tap.root / "parameters/dev.json").write_text("{}")
    aws.hooks["execute_change_set"] = lambda: aws.always.update(describe_stacks=error)

    assert tap("deploy", "dev", "--yes") == 0
    assert "is up to date, but its outputs cannot be read" in tap.err
    assert stack.status == "UPDATE_COMPLETE"


def test_protection_that_cannot_be_set_after_a_deployment_says_that_it_is_deployed(
        tap: Tap, aws: MemoryAws, stack: Stack) -> None:
    (tap.root / "parameters/targets.toml").write_text("[dev]\ntermination_protection = true\n")
    aws.always["update_termination_protection"] = DENIED

    assert tap("deploy", "dev", "--yes") == 1
    assert "stack tap-dev is deployed, but its protection is not set" in tap.err
    assert stack.status == "UPDATE_COMPLETE"


def test_sigterm_is_an_interrupt(tap: Tap, aws: MemoryAws, stack: Stack) -> None:
    aws.hooks["execute_change_set"] = lambda: aws.hooks.update(
        describe_stack_events=lambda: os.kill(os.getpid(), signal.SIGTERM))

    assert tap("deploy", "dev", "--yes") == 5
    assert "tap watch dev" in tap.err
    assert stack.status == "UPDATE_IN_PROGRESS"


@pytest.mark.parametrize("method", [*DEPLOY_CALLS[:-1], "delete_change_set"])
def test_ctrl_c_at_any_call_before_the_execution_changes_nothing_and_leaves_nothing(
        tap: Tap, aws: MemoryAws, stack: Stack, method: str) -> None:
    if method == "delete_change_set":  # the first Ctrl-C; the second comes while it is cleaned up
        aws.faults["get_stack_policy"] = [("before", KeyboardInterrupt())]
    aws.faults[method] = [("before", KeyboardInterrupt())]

    assert tap("deploy", "dev", "--yes") == 3
    assert (aws.executed, stack.status, tap.left()) == ([], "CREATE_COMPLETE", [])


@pytest.mark.parametrize("when", ["before", "after"])
def test_ctrl_c_while_the_execution_is_asked_for_counts_as_running(
        tap: Tap, aws: MemoryAws, stack: Stack, when: str) -> None:
    aws.faults["execute_change_set"] = [(when, KeyboardInterrupt())]

    assert tap("deploy", "dev", "--yes") == 5
    assert "interrupted while starting the change set" in tap.err
    assert stack.status == ("UPDATE_IN_PROGRESS" if when == "after" else "CREATE_COMPLETE")


@pytest.mark.parametrize("method", ["create_change_set", "describe_change_set", "get_template", "list_exports"])
def test_ctrl_c_during_a_first_plan_leaves_no_stack(tap: Tap, aws: MemoryAws, method: str) -> None:
    tap.document = {**NEW, "Outputs": {"A": {"Value": "a", "Export": {"Name": "a"}}}}
    aws.faults[method] = [("after", KeyboardInterrupt())]

    assert tap("plan", "dev") == 130
    assert (aws.stacks, tap.left()) == ({}, [])


# -- somebody else


def test_of_two_deployers_one_wins_and_the_other_is_told(tap: Tap, aws: MemoryAws, stack: Stack) -> None:
    def theirs() -> None:
        other = json.dumps({"Resources": {"Table": TABLE, "Other": TOPIC}})
        aws.do_create_change_set(stack.name, "theirs", "UPDATE", other, [])
        aws.do_execute_change_set(next(arn for arn, each in aws.change_sets.items() if each.name == "theirs"), "t")

    aws.hooks["execute_change_set"] = theirs

    assert tap("deploy", "dev", "--yes") == 1
    assert "was changed by another process after this change set was created" in tap.err
    assert (aws.executed, tap.left()) == (["theirs"], [])


@pytest.mark.parametrize("method", ["describe_change_set", "get_template", "execute_change_set"])
@pytest.mark.usefixtures("stack")
def test_a_change_set_that_vanishes_is_as_one_that_is_obsolete(tap: Tap, aws: MemoryAws, method: str) -> None:
    aws.hooks[method] = aws.change_sets.clear

    assert tap("deploy", "dev", "--yes") == 1
    assert "was changed by another process after this change set was created: run this command again" in tap.err
    assert aws.executed == []


def test_somebody_elses_change_set_is_left_alone_and_named(tap: Tap, aws: MemoryAws, stack: Stack) -> None:
    aws.do_create_change_set(stack.name, "theirs", "UPDATE", json.dumps(NEW), [])

    assert tap("plan", "dev") == 0
    assert "another change set, theirs, is pending" in tap.out
    assert [each.name for each in aws.change_sets.values()] == ["theirs"]


def test_our_own_failed_change_sets_do_not_pile_up(tap: Tap, aws: MemoryAws, stack: Stack) -> None:
    aws.change_sets["old"] = ChangeSet("tap-old", "old", stack, "UPDATE", "{}", [], "FAILED", "UNAVAILABLE")

    assert tap("plan", "dev") == 0
    assert aws.change_sets == {}


def test_a_stack_that_is_busy_is_not_touched(tap: Tap, aws: MemoryAws, stack: Stack) -> None:
    stack.status = "UPDATE_IN_PROGRESS"

    assert tap("deploy", "dev", "--yes") == 5
    assert aws.change_sets == {}


def test_another_account_is_refused_before_anything_is_written(tap: Tap, aws: MemoryAws) -> None:
    (tap.root / "parameters/targets.toml").write_text('[dev]\naccounts = ["999999999999"]\n')

    for command in (["deploy", "dev", "--yes"], ["plan", "dev"]):
        assert tap(*command) == 4
        assert "123456789012, but dev may only be deployed to 999999999999" in tap.err
    assert set(aws.calls) == {"get_caller_identity"}


# -- sizes and clocks


@pytest.mark.usefixtures("stack")
def test_four_hundred_changes_are_all_shown_and_judged(tap: Tap, aws: MemoryAws) -> None:
    tap.document = {"Resources": {**OLD["Resources"], **{f"Topic{number}": TOPIC for number in range(400)}}}

    assert tap("plan", "dev", "--json") == 0
    told = json.loads(tap.out)
    assert len(told["changes"]) == 400
    assert (told["environment"], told["stack"], told["verdict"]) == ("dev", "tap-dev", "safe")
    assert aws.calls.count("describe_change_set") >= 4


def test_a_rollback_of_three_hundred_events_still_names_the_culprit(tap: Tap, aws: MemoryAws, stack: Stack) -> None:
    aws.failing.add("Topic7")
    tap.document = {"Resources": {**OLD["Resources"], **{f"Topic{number}": TOPIC for number in range(8)}}}

    def crowd() -> None:
        stack.script[-1:-1] = [(f"Other{number}", "AWS::SNS::Topic", "DELETE_COMPLETE", "") for number in range(300)]
        while len(stack.script) > 1:
            aws._advance(stack)

    aws.hooks["execute_change_set"] = lambda: aws.hooks.update(describe_stack_events=crowd)
    assert tap("deploy", "dev", "--yes") == 1
    assert "Topic7 (AWS::SNS::Topic) CREATE_FAILED: no capacity" in tap.err.replace("UPDATE_FAILED", "CREATE_FAILED")
    assert sum("Other" in line for line in tap.out.splitlines()) == 300


@pytest.mark.parametrize("skew", [timedelta(days=-2), timedelta(days=2)])
def test_clocks_that_differ_lose_no_event(tap: Tap, aws: MemoryAws, stack: Stack, skew: timedelta) -> None:
    aws.skew = skew

    assert tap("deploy", "dev", "--yes") == 0
    assert tap.out.count("UPDATE_IN_PROGRESS") == 2
    assert tap.out.count("UPDATE_COMPLETE") == 2
    assert stack.status == "UPDATE_COMPLETE"
    assert stack.events[0]["Timestamp"] == NOON + timedelta(seconds=2)


def test_ctrl_c_during_plans_of_many_leaves_nothing_of_any(tap: Tap, aws: MemoryAws) -> None:
    for number in range(6):
        (tap.root / f"parameters/pr-{number}.json").write_text("{}")
    aws.always["describe_change_set"] = KeyboardInterrupt()

    assert tap("plan", *(f"pr-{number}" for number in range(6))) == 130
    assert (aws.stacks, aws.change_sets) == ({}, {})
