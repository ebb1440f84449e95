"""E9408."""

import pytest


def test_a_filter_that_does_not_wait_for_the_permission_is_found(found_in_example):
    [message] = found_in_example("E9408")
    assert message.startswith("E9408 `Filter` → `Permission`: the filter does not wait for the permission.")


def test_a_filter_whose_function_lets_another_service_in_is_found(found_in_example):
    [message] = found_in_example("E9408", ("logs.amazonaws.com", "sns.amazonaws.com"))
    assert message.startswith("E9408 `Filter` → `Function`: no permission allows logs.amazonaws.com to invoke it.")


@pytest.mark.parametrize("change", [
    ("!GetAtt Function.Arn", "!ImportValue function"), ("FilterPattern: ''", "FilterPattern: !Ref Permission")])
def test_another_destination_and_a_reference_to_the_permission_are_not_found(found_in_example, change):
    assert found_in_example("E9408", change) == []
