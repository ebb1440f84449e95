"""Events of nested stacks, among those of the stack that they are in."""

from dataclasses import replace
from datetime import datetime, timedelta

from deploy_fakes import event

from tap.deploy.models import StackEvent
from tap.deploy.nested import KIND, NestedEvents

ARN = "arn:aws:cloudformation:eu-west-1:123456789012:stack/tap-dev-Inner/2"
NOON = event("Inner", "UPDATE_IN_PROGRESS").timestamp


def outer(status: str, second: int = 0) -> StackEvent:
    when = NOON + timedelta(seconds=second)
    return replace(event("Inner", status, resource_type=KIND), physical_id=ARN, timestamp=when)


def inner(logical_id: str, status: str, second: int) -> StackEvent:
    own = logical_id == "tap-dev-Inner"
    return replace(event(logical_id, status), stack_id=ARN, physical_id=ARN if own else f"{logical_id}-1",
                   timestamp=NOON + timedelta(seconds=second), event_id=f"{logical_id}-{status}-{second}")


class Api:
    """The events of one nested stack so far."""

    def __init__(self, *events: StackEvent) -> None:
        self.events, self.asked = list(events), 0

    def new(self, arn: str, known: set[str], since: datetime) -> list[StackEvent]:
        assert arn == ARN
        self.asked += 1
        fresh = [each for each in self.events if each.event_id not in known and each.timestamp >= since]
        known.update(each.event_id for each in fresh)
        return fresh


def names(events: list[StackEvent]) -> list[str]:
    return [f"{each.logical_id} {each.status}" for each in events]


def test_an_update_has_the_events_since_it_began() -> None:
    api = Api(inner("Topic", "CREATE_COMPLETE", -60), inner("Topic", "UPDATE_COMPLETE", 1))
    assert names(NestedEvents(api.new).merged([outer("UPDATE_IN_PROGRESS")])) == [
        "Inner UPDATE_IN_PROGRESS", "Inner/Topic UPDATE_COMPLETE"]


def test_a_new_stack_has_all_of_its_events_although_its_arn_is_told_late() -> None:
    api = Api(inner("Topic", "CREATE_COMPLETE", -1))
    assert names(NestedEvents(api.new).merged([outer("CREATE_COMPLETE")])) == [
        "Inner/Topic CREATE_COMPLETE", "Inner CREATE_COMPLETE"]


def test_a_stack_at_rest_is_not_asked_again_until_it_is_changed_again() -> None:
    api = Api(inner("Topic", "UPDATE_COMPLETE", 1), inner("tap-dev-Inner", "UPDATE_COMPLETE", 2))
    nested = NestedEvents(api.new)
    nested.merged([outer("UPDATE_IN_PROGRESS")])
    assert (nested.merged([outer("UPDATE_COMPLETE", 3)]), api.asked) == ([outer("UPDATE_COMPLETE", 3)], 1)

    api.events.append(inner("Topic", "UPDATE_IN_PROGRESS", 5))
    assert names(nested.merged([outer("UPDATE_IN_PROGRESS", 4)])) == [
        "Inner UPDATE_IN_PROGRESS", "Inner/Topic UPDATE_IN_PROGRESS"]


def test_a_stack_that_rests_and_goes_on_within_one_answer_is_asked_again() -> None:
    api = Api(inner("tap-dev-Inner", "UPDATE_COMPLETE", 1), inner("tap-dev-Inner", "UPDATE_ROLLBACK_IN_PROGRESS", 2))
    nested = NestedEvents(api.new)
    nested.merged([outer("UPDATE_IN_PROGRESS")])
    nested.merged([])
    assert api.asked == 2


def test_without_nested_stacks_nothing_is_asked_and_the_order_stays() -> None:
    api, late, early = Api(), replace(event("A", "CREATE_COMPLETE"), timestamp=NOON), event("B", "CREATE_COMPLETE")
    assert NestedEvents(api.new).merged([late, replace(early, timestamp=NOON - timedelta(1))])[0] is late
    assert api.asked == 0
