"""E9404."""

import pytest

TRANSITIONS = "Transitions: [{StorageClass: STANDARD_IA, TransitionInDays: 30}]"


@pytest.mark.parametrize(("transitions", "storage", "days"), [
    ("Transitions: [{StorageClass: STANDARD_IA, TransitionInDays: 7}]", "STANDARD_IA", 7),
    ("Transitions: [{StorageClass: ONEZONE_IA, TransitionInDays: '29'}]", "ONEZONE_IA", 29),
    ("Transition: {StorageClass: STANDARD_IA, TransitionInDays: 0}", "STANDARD_IA", 0),
    ("NoncurrentVersionTransitions: [{StorageClass: STANDARD_IA, TransitionInDays: 1}]", "STANDARD_IA", 1),
])
def test_a_transition_to_infrequent_access_before_30_days_is_found(found, transitions, storage, days):
    assert found((TRANSITIONS, transitions)) == [
        f"E9404 `LogBucket` → {storage}: a transition after {days} days is too early. "
        "Set TransitionInDays to 30 or more."]


@pytest.mark.parametrize("transitions", [
    "Transitions: [{StorageClass: GLACIER, TransitionInDays: 1}]",
    "Transitions: [{StorageClass: INTELLIGENT_TIERING, TransitionInDays: 0}]",
    "Transitions: [{StorageClass: STANDARD_IA, TransitionInDays: !Ref Image}]",
    "Transitions: [{StorageClass: !Ref Image, TransitionInDays: 1}]",
    "Transitions: [{StorageClass: STANDARD_IA, TransitionDate: '2030-01-01'}]",
    "ExpirationInDays: 1",
])
def test_other_transitions_and_what_is_not_known_are_not_found(found, transitions):
    assert found((TRANSITIONS, transitions)) == []


def test_a_rule_that_is_off_is_not_judged(found):
    assert found(("TransitionInDays: 30", "TransitionInDays: 1"), ("{Status: Enabled", "{Status: Disabled")) == []
