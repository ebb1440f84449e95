"""One lifecycle of a change set, over an account in memory: it ends applied, kept, or discarded."""

import json
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from deploy_fakes import DEV, Recorder, changed, cloud_of, rendered
from memory_aws import NEW, OLD, MemoryAws, Stack

from tap.deploy.models import CallFailed, Environment, LeftRunning, Outcome, Refused, TapError
from tap.deploy.pending import PendingChangeSet


@contextmanager
def opened(aws: MemoryAws, env: Environment = DEV) -> Iterator[PendingChangeSet]:
    with cloud_of(aws).change_set(env, rendered(json.dumps(NEW))) as change:
        yield change


def test_a_change_set_that_is_applied_changes_the_stack(aws: MemoryAws, stack: Stack) -> None:
    with opened(aws) as change:
        assert change.apply(Recorder()) is Outcome.APPLIED
    assert json.loads(stack.template) == NEW


def test_one_that_is_not_applied_leaves_nothing_behind(aws: MemoryAws) -> None:
    with opened(aws) as change:
        assert not change.empty
    assert (aws.change_sets, aws.stacks) == ({}, {})


def test_one_that_is_kept_can_be_executed_later(aws: MemoryAws, stack: Stack) -> None:
    with opened(aws) as change:
        change.keep()
    assert [each.execution for each in aws.change_sets.values()] == ["AVAILABLE"]
    assert json.loads(stack.template) == OLD


def test_an_empty_one_is_not_executed_and_leaves_nothing_behind(aws: MemoryAws, stack: Stack) -> None:
    stack.template = json.dumps(NEW)
    with opened(aws) as change:
        assert change.apply(Recorder()) is Outcome.NO_CHANGES
    assert (aws.executed, aws.change_sets) == ([], {})


@pytest.mark.parametrize("error", [KeyboardInterrupt(), RuntimeError(), Refused("no")])
def test_whatever_goes_wrong_in_between_leaves_nothing_behind(aws: MemoryAws, error: BaseException) -> None:
    with pytest.raises(type(error)), opened(aws):
        raise error
    assert (aws.change_sets, aws.stacks) == ({}, {})


def test_what_cannot_be_discarded_is_a_note_on_the_first_error(aws: MemoryAws) -> None:
    aws.always["delete_change_set"] = KeyboardInterrupt()
    with pytest.raises(Refused, match=r"^no\n") as caught, opened(aws):
        raise Refused("no")
    assert caught.value.__notes__[0].endswith("of stack tap-dev may still exist: interrupted")


def test_a_destructive_change_is_never_executed_unapproved(aws: MemoryAws, stack: Stack) -> None:
    aws.changed["Table"] = {"Action": "Remove"}
    stack.template = json.dumps({"Resources": {**OLD["Resources"], "Kept": {"Type": "AWS::S3::Bucket"}}})
    with pytest.raises(Refused, match=r"^destructive: Kept: deleted; it holds data"), opened(aws) as change:
        change.apply(Recorder())
    assert (aws.executed, aws.change_sets) == ([], {})

    with opened(aws, changed(DEV, approved=frozenset({"Kept"}))) as change:
        change.apply(Recorder())
    assert len(aws.executed) == 1


def test_another_template_than_the_one_sent_is_refused_and_discarded(aws: MemoryAws, stack: Stack) -> None:
    def swap() -> None:
        (change_set,) = aws.change_sets.values()
        change_set.template = json.dumps({"Resources": {"Evil": {"Type": "AWS::IAM::Role"}}})

    aws.hooks["describe_change_set"] = swap
    with pytest.raises(Refused, match=r"^change set tap-\w+ of stack tap-dev does not contain the template that"):
        opened(aws).__enter__()
    assert (aws.executed, aws.change_sets) == ([], {})
    assert json.loads(stack.template) == OLD


def test_a_template_that_cannot_be_read_back_is_not_applied(aws: MemoryAws) -> None:
    aws.always["get_template"] = KeyboardInterrupt()
    with pytest.raises(KeyboardInterrupt), opened(aws):
        raise AssertionError("it was opened")
    assert (aws.change_sets, aws.stacks) == ({}, {})


def test_events_are_passed_on(aws: MemoryAws) -> None:
    seen = Recorder()
    with opened(aws) as change:
        change.apply(seen)
    assert seen.events[-1].status == "CREATE_COMPLETE"


def test_durations_that_cannot_be_read_are_not_known(aws: MemoryAws, stack: Stack) -> None:  # noqa: ARG001
    with opened(aws) as change:
        assert change.history()
        aws.always["describe_stack_events"] = CallFailed("no")
        assert change.history() == []


def test_failed_change_sets_of_an_interrupted_run_are_deleted_before_the_next(aws: MemoryAws, stack: Stack) -> None:
    stack.template = json.dumps(NEW)
    with opened(aws) as change:
        change.keep()
    with opened(aws) as change:
        assert [each.name for each in aws.change_sets.values()] == [change.content.name]


def test_parameter_values_are_not_in_an_environments_representation() -> None:
    assert "hunter2" not in repr(DEV.with_parameters({"Password": "hunter2"}))


def test_one_that_may_be_running_is_not_deleted(aws: MemoryAws, stack: Stack) -> None:  # noqa: ARG001  (there is a stack)
    aws.faults["execute_change_set"] = [("after", KeyboardInterrupt())]
    with pytest.raises(LeftRunning), opened(aws) as change:
        change.apply(Recorder())
    assert "delete_change_set" not in aws.calls


def test_a_stack_that_is_deployed_but_not_protected_says_so(aws: MemoryAws, stack: Stack) -> None:
    aws.faults["update_termination_protection"] = [("before", KeyboardInterrupt())]
    told = r"is deployed, but its protection is not set: interrupted. Run this command"
    with pytest.raises(TapError, match=told), opened(aws, changed(DEV, termination_protection=True)) as change:
        change.apply(Recorder())
    assert json.loads(stack.template) == NEW
