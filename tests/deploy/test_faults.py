"""The faults a deployment survives, and what is left in the account after those it does not."""

import io
import json
import os
import resource
import signal
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ConnectionClosedError, EndpointConnectionError, ReadTimeoutError
from botocore.parsers import ResponseParserError
from memory_aws import NEW, NOON, OLD, TABLE, TOPIC, ChangeSet, MemoryAws, Stack, Tap, refusal

TIMEOUT = ReadTimeoutError(endpoint_url="http://aws")
DOWN = EndpointConnectionError(endpoint_url="http://aws")
RESET = ConnectionClosedError(endpoint_url="http://aws")
GARBLED = ResponseParserError("<Half")
THROTTLED = refusal("Throttling", "Rate exceeded")
BROKEN = refusal("InternalFailure", "we are sorry", status=500)
DENIED = refusal("AccessDenied", "User is not authorized")
EXPIRED = refusal("ExpiredToken", "The security token is expired")
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
    assert "not known whether the change set was started" in tap.err
    assert "tap watch dev" in tap.err
    assert stack.status == "UPDATE_IN_PROGRESS"


# -- nobody watches any more


@pytest.mark.parametrize("error", [EXPIRED, DENIED, KeyboardInterrupt()], ids=["expired", "denied", "Ctrl-C"])
def test_a_watch_that_ends_leaves_the_stack_to_cloudformation_and_can_be_taken_up_again(
        tap: Tap, aws: MemoryAws, stack: Stack, error: BaseException) -> None:
    aws.hooks["execute_change_set"] = lambda: aws.always.update(describe_stack_events=error)

    assert tap("deploy", "dev", "--yes") == 5
    assert tap.err.rstrip().endswith(f"tap watch dev --root {tap.root}")
    assert stack.status == "UPDATE_IN_PROGRESS"

    aws.always.clear()
    assert tap("watch", "dev") == 0
    assert (stack.status, len(aws.executed)) == ("UPDATE_COMPLETE", 1)


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
        aws.faults["list_change_sets"] = [("before", KeyboardInterrupt())]
    aws.faults[method] = [("before", KeyboardInterrupt())]

    assert tap("deploy", "dev", "--yes") == 3
    assert (aws.executed, stack.status, tap.left()) == ([], "CREATE_COMPLETE", [])


@pytest.mark.parametrize("when", ["before", "after"])
def test_ctrl_c_while_the_execution_is_asked_for_counts_as_running(
        tap: Tap, aws: MemoryAws, stack: Stack, when: str) -> None:
    aws.faults["execute_change_set"] = [(when, KeyboardInterrupt())]

    assert tap("deploy", "dev", "--yes") == 5
    assert "interrupted while the change set was being started" in tap.err
    assert stack.status == ("UPDATE_IN_PROGRESS" if when == "after" else "CREATE_COMPLETE")


@pytest.mark.parametrize("method", ["create_change_set", "describe_change_set", "list_change_sets", "list_exports"])
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
    assert "was changed by somebody else since this change set was made" in tap.err
    assert (aws.executed, tap.left()) == (["theirs"], [])


def test_somebody_elses_change_set_is_left_alone_and_named(tap: Tap, aws: MemoryAws, stack: Stack) -> None:
    aws.do_create_change_set(stack.name, "theirs", "UPDATE", json.dumps(NEW), [])

    assert tap("plan", "dev") == 0
    assert "change set theirs of somebody else is pending" in tap.out
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
        assert "123456789012's, and dev may only go to 999999999999" in tap.err
    assert set(aws.calls) == {"get_caller_identity"}


# -- saved plans


@pytest.fixture
def saved(tap: Tap, tmp_path: Path, stack: Stack) -> Path:  # noqa: ARG001  (there is a stack)
    assert tap("plan", "dev", "--save", str(tmp_path / "plan")) == 0
    return tmp_path / "plan"


def test_a_saved_plan_is_executed(tap: Tap, aws: MemoryAws, saved: Path) -> None:
    change_set = json.loads(saved.read_text())["change_set"]

    assert tap("deploy", "dev", "--plan", str(saved), "--yes") == 0
    assert aws.executed == [change_set.split("/")[1]]


def test_a_saved_plan_is_executed_once(tap: Tap, aws: MemoryAws, saved: Path) -> None:
    tap("deploy", "dev", "--plan", str(saved), "--yes")

    assert tap("deploy", "dev", "--plan", str(saved), "--yes") == 4
    assert len(aws.executed) == 1


def test_a_saved_plan_for_which_the_stack_has_changed_is_refused(tap: Tap, aws: MemoryAws, saved: Path) -> None:
    tap("deploy", "dev", "--yes")

    assert tap("deploy", "dev", "--plan", str(saved), "--yes") == 4
    assert "this plan is not executed: " in tap.err
    assert len(aws.executed) == 1


@pytest.mark.parametrize(("name", "value"), [
    ("account", "999999999999"), ("region", "us-east-1"), ("stack", "other"), ("environment", "prod"),
    ("template", "0" * 64), ("parameters", "0" * 64), ("changes", "0" * 64), ("change_set", "arn:gone"),
    ("stack_id", "arn:aws:cloudformation:eu-west-1:123456789012:stack/tap-dev/0")])
def test_a_saved_plan_in_which_anything_differs_is_refused(
        tap: Tap, aws: MemoryAws, saved: Path, name: str, value: str) -> None:
    saved.write_text(json.dumps({**json.loads(saved.read_text()), name: value}))

    assert tap("deploy", "dev", "--plan", str(saved), "--yes") == 4
    assert (aws.executed, len(aws.change_sets)) == ([], 1)


def test_a_saved_plan_does_not_outlive_a_change_of_the_template(tap: Tap, aws: MemoryAws, saved: Path) -> None:
    tap.document = {"Resources": {"Table": TABLE, "Topic": TOPIC, "More": TOPIC}}

    assert tap("deploy", "dev", "--plan", str(saved), "--yes") == 4
    assert "the template has changed since" in tap.err
    assert aws.executed == []


@pytest.mark.usefixtures("stack")
@pytest.mark.parametrize("text", ["{", "[]", '{"version": 9}', "\x00"])
def test_a_plan_file_that_is_none_is_bad_input(tap: Tap, tmp_path: Path, text: str) -> None:
    (tmp_path / "plan").write_text(text)

    assert tap("deploy", "dev", "--plan", str(tmp_path / "plan"), "--yes") == 2
    assert "no plan that" in tap.err


def test_a_full_disk_leaves_neither_a_file_nor_a_change_set(tap: Tap, aws: MemoryAws, tmp_path: Path) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (8, hard))
    try:
        code = tap("plan", "dev", "--save", str(tmp_path / "plan"))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))

    assert code == 2
    assert tap.err.startswith("tap: the plan cannot be saved to ")
    assert [path.name for path in tmp_path.iterdir()] == ["parameters"]
    assert (aws.stacks, aws.change_sets) == ({}, {})


def test_a_folder_that_is_not_there_leaves_no_change_set(tap: Tap, aws: MemoryAws, tmp_path: Path) -> None:
    assert tap("plan", "dev", "--save", str(tmp_path / "nowhere/plan")) == 2
    assert (aws.stacks, aws.change_sets) == ({}, {})


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


# -- each state a stack can be stuck in


@pytest.mark.parametrize(("status", "after"), [
    ("REVIEW_IN_PROGRESS", None), ("ROLLBACK_COMPLETE", None), ("ROLLBACK_FAILED", None), ("CREATE_FAILED", None),
    ("DELETE_FAILED", None), ("UPDATE_FAILED", "UPDATE_ROLLBACK_COMPLETE"),
    ("UPDATE_ROLLBACK_FAILED", "UPDATE_ROLLBACK_COMPLETE")])
def test_each_stuck_state_is_led_out_of(
        tap: Tap, aws: MemoryAws, status: str, after: str | None) -> None:
    aws.add(status=status, resources={"Table": ("AWS::DynamoDB::Table", "UPDATE_FAILED")})
    if status != "REVIEW_IN_PROGRESS":
        assert tap("deploy", "dev", "--yes") == 6
        assert f"tap recover dev --root {tap.root}" in tap.err

    assert tap("recover", "dev", "--yes") == 0
    assert (aws.stacks["tap-dev"].status if after else aws.stacks) == (after or {})
    assert tap("deploy", "dev", "--yes") == 0


@pytest.mark.parametrize(
    "status", ["ROLLBACK_COMPLETE", "UPDATE_ROLLBACK_FAILED", "DELETE_FAILED", "REVIEW_IN_PROGRESS"])
def test_a_recovery_is_said_before_it_is_done_and_may_be_declined(
        tap: Tap, aws: MemoryAws, status: str, monkeypatch: pytest.MonkeyPatch) -> None:
    aws.add(status=status)
    monkeypatch.setattr(sys, "stdin", io.StringIO("n\n"))

    assert tap("recover", "dev") == 3
    assert "tap would" in tap.out
    assert not {"delete_stack", "continue_update_rollback", "rollback_stack"} & set(aws.calls)


def test_what_fails_again_needs_recovery_again(tap: Tap, aws: MemoryAws) -> None:
    aws.add(status="DELETE_FAILED", resources={"Table": ("AWS::DynamoDB::Table", "DELETE_FAILED")})
    aws.stuck = True

    assert tap("recover", "dev", "--yes") == 6
    aws.stuck = False
    assert tap("recover", "dev", "--skip", "Table", "--yes") == 0
    assert aws.stacks == {}


@pytest.mark.parametrize(("status", "method", "member"), [
    ("DELETE_FAILED", "delete_stack", "RetainResources"),
    ("UPDATE_ROLLBACK_FAILED", "continue_update_rollback", "ResourcesToSkip")])
def test_what_is_skipped_is_named_to_cloudformation(
        tap: Tap, aws: MemoryAws, status: str, method: str, member: str) -> None:
    aws.add(status=status, resources={"Table": ("AWS::DynamoDB::Table", "DELETE_FAILED")})

    assert tap("recover", "dev", "--skip", "Table", "--yes") == 0
    assert dict(aws.requests)[method][member] == ["Table"]
    assert tap("recover", "dev", "--skip", "Nothing") in (0, 2)


def test_somebody_elses_pending_change_set_is_not_recovered_away(tap: Tap, aws: MemoryAws) -> None:
    aws.do_create_change_set("tap-dev", "theirs", "CREATE", json.dumps(NEW), [])

    assert tap("recover", "dev", "--yes") == 4
    assert "theirs" in tap.err
    assert list(aws.stacks) == ["tap-dev"]


# -- the guard, the policy and protection, end to end


def replaced(aws: MemoryAws) -> None:
    aws.changed["Table"] = {"Replacement": "True", "PolicyAction": "ReplaceAndDelete"}


CHANGED = {"Resources": {"Table": {**TABLE, "Properties": {"TableName": "t"}}}}
DENY = json.dumps({"Statement": [
    {"Effect": "Allow", "Action": "Update:*", "Principal": "*", "Resource": "*"},
    {"Effect": "Deny", "Action": "Update:Replace", "Principal": "*", "Resource": "LogicalResourceId/Table"}]})


def test_what_destroys_data_is_refused_until_it_is_approved_by_name(tap: Tap, aws: MemoryAws, stack: Stack) -> None:
    tap.document = CHANGED
    replaced(aws)

    assert tap("deploy", "dev", "--yes") == 4
    assert "--approve Table" in tap.err
    assert (aws.executed, aws.change_sets) == ([], {})
    assert tap("deploy", "dev", "--yes", "--approve", "Table") == 0
    assert stack.status == "UPDATE_COMPLETE"


def test_a_policy_that_allows_more_is_refused_until_it_is_approved(tap: Tap, aws: MemoryAws, stack: Stack) -> None:
    stack.policy = DENY

    assert tap("deploy", "dev", "--yes") == 4
    assert "would allow Update:Replace of Table" in tap.err
    assert (stack.policy, aws.executed) == (DENY, [])
    assert tap("deploy", "dev", "--yes", "--approve", "StackPolicy") == 0
    assert stack.policy != DENY


def test_a_policy_without_a_change_of_the_template_is_held_to_the_same(tap: Tap, stack: Stack) -> None:
    tap.document, stack.policy = OLD, DENY

    assert tap("deploy", "dev", "--yes") == 4
    assert stack.policy == DENY
    assert tap("deploy", "dev", "--yes", "--approve", "StackPolicy") == 0
    assert stack.policy != DENY


def test_a_stricter_policy_is_set_before_the_execution(tap: Tap, aws: MemoryAws, stack: Stack) -> None:
    file = tap.root / "parameters/dev.json"
    file.write_text(json.dumps({"Parameters": {}, "StackPolicy": json.loads(DENY)}))

    assert tap("deploy", "dev", "--yes") == 0
    assert aws.calls.index("set_stack_policy") < aws.calls.index("execute_change_set")
    assert json.loads(stack.policy or "") == json.loads(DENY)


def test_what_the_stack_policy_denies_is_not_tried(tap: Tap, aws: MemoryAws, stack: Stack) -> None:
    (tap.root / "parameters/dev.json").write_text(json.dumps({"Parameters": {}, "StackPolicy": json.loads(DENY)}))
    tap.document, stack.policy = CHANGED, DENY
    replaced(aws)

    assert tap("deploy", "dev", "--yes", "--approve", "Table") == 4
    assert "does not allow Update:Replace of Table" in tap.err
    assert aws.executed == []


def target(tap: Tap, text: str) -> None:
    (tap.root / "parameters/targets.toml").write_text(f"[dev]\n{text}\n")


def test_protection_is_turned_on_without_a_change_of_the_template(tap: Tap, stack: Stack) -> None:
    tap.document = OLD
    target(tap, "termination_protection = true")

    assert tap("deploy", "dev", "--yes") == 0
    assert stack.protected
    assert "Protection changed" in tap.out


def test_protection_is_turned_off_only_by_name(tap: Tap, stack: Stack) -> None:
    tap.document, stack.protected = OLD, True

    assert tap("deploy", "dev", "--yes") == 0
    assert stack.protected
    assert tap("deploy", "dev", "--yes", "--approve", "TerminationProtection") == 0
    assert not stack.protected


def test_a_protected_stack_is_deleted_only_by_name(tap: Tap, aws: MemoryAws, stack: Stack) -> None:
    stack.protected = True

    assert tap("delete", "dev", "--yes") == 4
    assert tap("delete", "dev", "--yes", "--lift-protection", "dev") == 4
    assert list(aws.stacks) == ["tap-dev"]
    assert tap("delete", "dev", "--yes", "--lift-protection", "tap-dev") == 0
    assert aws.stacks == {}


@pytest.mark.parametrize("setting", ['mode = "EXPRESS"', 'on_failure = "DO_NOTHING"'])
def test_what_makes_updates_unsafe_is_refused_for_protected_environments(
        tap: Tap, aws: MemoryAws, setting: str) -> None:
    target(tap, f"termination_protection = true\n{setting}")

    assert tap("deploy", "dev", "--yes") == 4
    assert aws.calls == []


@pytest.mark.parametrize(("text", "member", "value"), [
    ('role_arn = "arn:aws:iam::123456789012:role/deploy"', "RoleARN", "arn:aws:iam::123456789012:role/deploy"),
    ('on_failure = "DO_NOTHING"', "OnStackFailure", "DO_NOTHING"),
    ('mode = "EXPRESS"', "DeploymentConfig", {"Mode": "EXPRESS"}),
    ('capabilities = ["CAPABILITY_NAMED_IAM"]', "Capabilities", ["CAPABILITY_NAMED_IAM"])])
@pytest.mark.usefixtures("stack")
def test_what_the_target_says_reaches_cloudformation(
        tap: Tap, aws: MemoryAws, text: str, member: str, value: Any) -> None:
    target(tap, text)

    assert tap("plan", "dev") == 0
    assert dict(aws.requests)["create_change_set"][member] == value


@pytest.mark.parametrize(("kind", "sent"), [("CREATE", "DELETE"), ("UPDATE", None)])
def test_deletion_on_failure_is_for_creations_alone(
        tap: Tap, aws: MemoryAws, kind: str, sent: str | None) -> None:
    target(tap, 'on_failure = "DELETE"')
    if kind == "UPDATE":
        aws.add(template=json.dumps(OLD))

    tap("plan", "dev")
    assert dict(aws.requests)["create_change_set"].get("OnStackFailure") == sent
