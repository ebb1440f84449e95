"""The example of each rule, as the reference shows it: a broken template, and the same one fixed."""

from pathlib import Path

import pytest

from tap.wiring import all_rules, examples

RULES = [rule.id for rule in all_rules()]
FOLDER = Path(examples.__file__).parent / "examples"


@pytest.mark.parametrize("rule", RULES)
def test_the_rule_objects_to_its_broken_template_and_no_other_rule_does(found_in, rule):
    assert {message.split()[0] for message in found_in(examples.broken(examples.example(rule)))} == {rule}


@pytest.mark.parametrize("rule", RULES)
def test_no_rule_objects_to_the_fixed_template(found_in, rule):
    assert found_in(examples.fixed(examples.example(rule))) == []


def test_every_rule_has_an_example_and_every_example_a_rule():
    assert sorted(path.stem for path in FOLDER.glob("*.diff")) == RULES
