"""What changing a parameter does to each committed environment, by the guard's verdicts, without AWS."""

from collections.abc import Iterator
from typing import Any

import pytest
from stack_view import ENVIRONMENTS, ROOT

from tap.deploy import offline
from tap.deploy.guard import Grade
from tap.deploy.models import Environment
from tap.deploy.parameters import load_environment
from tap.deploy.plan import Plan
from tap.deploy.planning import resolved_for
from tap.deploy.stand_ins import STAND_INS

Template = dict[str, Any]
# What fails, and what cannot be undone: parameter, another value, the worst verdict.
KNOWN = [
    ("VpcCidr", "10.99.0.0/16", Grade.WILL_FAIL),
    ("DatabaseEngineVersion", "15.3", Grade.WILL_FAIL),
    ("DatabaseEngineVersion", "99.1", Grade.DESTRUCTIVE),
    ("DatabaseName", "ledger", Grade.DESTRUCTIVE),
]


def environment(template: Template, name: str, **parameters: str) -> Environment:
    env = load_environment(name, ROOT, template, stand_ins=STAND_INS)
    return env.with_parameters({**env.values.parameters, **parameters})


def transition(template: Template, name: str, parameter: str, value: str) -> Plan:
    before, after = environment(template, name), environment(template, name, **{parameter: value})
    return offline.plan(after, resolved_for(before, template), resolved_for(after, template), template)


@pytest.mark.parametrize("name", ENVIRONMENTS)
@pytest.mark.parametrize(("parameter", "value", "grade"), KNOWN)
def test_a_transition_gets_the_verdict_that_aws_would_give_it(
        template: Template, name: str, parameter: str, value: str, grade: Grade) -> None:
    assert transition(template, name, parameter, value).grade is grade


def choices(template: Template) -> Iterator[tuple[str, str]]:
    for name, declaration in template["Parameters"].items():
        for value in map(str, declaration.get("AllowedValues", ())):
            yield name, value


@pytest.mark.parametrize("name", ENVIRONMENTS)
def test_every_choice_of_every_parameter_can_be_planned(template: Template, name: str) -> None:
    plans = [transition(template, name, *choice) for choice in choices(template)]
    assert len(plans) > 50
    assert {plan.change_set.type for plan in plans} == {"UPDATE"}


@pytest.mark.parametrize("name", ENVIRONMENTS)
def test_no_choice_of_a_parameter_is_one_that_cloudformation_fails(template: Template, name: str) -> None:
    failing = {f"{parameter}={value}" for parameter, value in choices(template)
               if transition(template, name, parameter, value).grade is Grade.WILL_FAIL}
    assert failing == set()


@pytest.mark.parametrize("name", ENVIRONMENTS)
def test_the_stack_policy_denies_another_range_of_the_vpc(template: Template, name: str) -> None:
    assert "Update:Replace of Vpc" in transition(template, name, "VpcCidr", "10.99.0.0/16").denied
