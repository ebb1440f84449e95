"""The order of a deployment, against a cloud in memory."""

import pytest
from deploy_fakes import DEV, MemoryCloud

from tap.deploy.deploy import deploy
from tap.deploy.models import ChangeSet, Environment, Outcome, StackEvent


def agree(_plan: ChangeSet) -> bool:
    return True


def refuse(_plan: ChangeSet) -> bool:
    return False


def test_agreed_changes_are_applied() -> None:
    cloud = MemoryCloud()

    assert deploy(DEV, "new", cloud, agree) is Outcome.APPLIED
    assert cloud.stacks == {"tap-dev": "new"}


def test_declined_changes_leave_nothing_behind() -> None:
    cloud = MemoryCloud()

    assert deploy(DEV, "new", cloud, refuse) is Outcome.DECLINED
    assert (cloud.stacks, cloud.pending) == ({}, set())


def test_no_changes_are_not_asked_about_and_leave_nothing_behind() -> None:
    cloud = MemoryCloud(stacks={"tap-dev": "same"})

    assert deploy(DEV, "same", cloud, refuse) is Outcome.NO_CHANGES
    assert cloud.pending == set()


def test_changes_of_outputs_alone_are_applied() -> None:
    cloud = MemoryCloud(stacks={"tap-dev": "old"}, changes=())

    assert deploy(DEV, "new", cloud, agree) is Outcome.APPLIED
    assert cloud.stacks == {"tap-dev": "new"}


def test_an_interrupted_question_leaves_nothing_behind() -> None:
    cloud = MemoryCloud()

    def interrupt(_plan: ChangeSet) -> bool:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        deploy(DEV, "new", cloud, interrupt)
    assert cloud.pending == set()


def test_events_are_passed_on() -> None:
    events: list[StackEvent] = []

    deploy(DEV, "new", MemoryCloud(), agree, events.append)
    assert [event.status for event in events] == ["CREATE_COMPLETE"]


def test_parameter_values_are_not_in_an_environments_representation() -> None:
    assert "hunter2" not in repr(Environment("dev", "tap-dev", parameters={"Password": "hunter2"}))
