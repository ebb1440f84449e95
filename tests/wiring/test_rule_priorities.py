"""E9111."""

import pytest

ADMIN = "      Priority: 10\n      Conditions: [{Field: path-pattern, Values: [/admin/*]}]"


def test_a_second_rule_with_the_priority_is_found(found_in_example):
    [message] = found_in_example("E9111")
    assert message.startswith("E9111 `Admin` → `Api`: both rules of the listener have the priority 10.")


@pytest.mark.parametrize("priority", ["11", "!ImportValue priority", "!Ref AWS::NoValue"])
def test_other_priorities_and_those_that_are_not_known_are_not_found(found_in_example, priority):
    assert found_in_example("E9111", (ADMIN, ADMIN.replace("10", priority))) == []


def test_rules_of_two_listeners_may_have_the_same_priority(found_in_example):
    other = "      ListenerArn: !ImportValue listener\n" + ADMIN
    assert found_in_example("E9111", (other, other.replace("listener", "other"))) == []
