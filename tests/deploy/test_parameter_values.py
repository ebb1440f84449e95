"""Parameter values, judged by the template's declarations and rules."""

import re
from decimal import Decimal
from typing import Any

import pytest
from deploy_fakes import DEV, STACK_ID
from hypothesis import given
from hypothesis import strategies as st

from tap.deploy import constraints, rules
from tap.deploy.models import ChangeSet
from tap.deploy.parameters import parameter_problems
from tap.deploy.plan import parameter_values
from tap.deploy.template import parsed

FILE = "parameters/dev.json"
EMPTY = ChangeSet("", "tap-1", "UPDATE", STACK_ID)
words = st.text("abcxyz", min_size=1, max_size=5)


def problem(value: str, **declaration: Any) -> str | None:
    return constraints.violation("Size", value, {"Type": "String", **declaration}, FILE)


def test_a_value_outside_the_allowed_ones_is_told_them() -> None:
    assert problem("c", AllowedValues=["a", "b"]) == 'Size cannot be "c": it must be one of a, b'


@pytest.mark.parametrize("value", ["256", "256.0", "0256", "2.56e2"])
def test_allowed_numbers_are_compared_by_value(value: str) -> None:
    assert problem(value, Type="Number", AllowedValues=[256, "512"]) is None
    assert problem(value, Type="Number", AllowedValues=[25, "512"]) is not None


def test_allowed_texts_are_compared_as_they_are_written() -> None:
    assert problem("256.0", AllowedValues=["256"]) is not None


def test_a_boolean_of_yaml_allows_its_text() -> None:
    allowed = parsed("Allowed: [true, false]")["Allowed"]
    assert problem("true", AllowedValues=allowed) is None
    assert problem("True", AllowedValues=allowed) == 'Size cannot be "True": it must be one of true, false'


def test_a_boolean_default_is_lower_case_text() -> None:
    shown, = parameter_values(DEV, {"Parameters": {"Size": {"Type": "String", "Default": True}}}, EMPTY)
    assert shown.value == "true"


def test_the_templates_own_description_of_a_constraint_is_given() -> None:
    told = problem("x", AllowedPattern="[0-9]+", ConstraintDescription="must be digits")
    assert told == 'Size cannot be "x": it must be digits'


def test_a_value_is_as_long_as_cloudformation_takes_it_and_not_longer() -> None:
    assert problem("é" * 2_048) is None
    assert problem("é" * 2_048 + "x") == "Size is too long: the maximum is 4,096 bytes"


def test_a_long_value_is_told_by_its_beginning() -> None:
    assert problem("x" * 4_000, MaxLength=9) == (
        f'Size cannot be "{"x" * 100}…": it must have at most 9 characters')


def test_a_pattern_must_match_the_whole_value() -> None:
    assert problem("10.0.0.0/16 and more", AllowedPattern=r"[\d./]+") is not None


@pytest.mark.parametrize("pattern", [
    r"\p{Alpha}+", r"\Q[x]\E", "[a-z&&[^q]]+", "[a-c[x-z]]+", "[^a[bc]]+", r"[\w&&[^\d]]+"])
def test_a_pattern_that_only_java_understands_is_left_to_cloudformation(pattern: str) -> None:
    assert problem("anything", AllowedPattern=pattern) is None


@pytest.mark.parametrize("pattern", [r"[a\[b]+", r"\[a&&b", r"[\w.:/=+@-]+", "a&&b"])
def test_brackets_and_ampersands_that_stand_for_themselves_are_judged_here(pattern: str) -> None:
    assert problem("anything!", AllowedPattern=pattern) is not None


@pytest.mark.parametrize(("pattern", "value"), [
    (r"\d+", "٣٠"), (r"\w+", "é"), (r"\w+", "名前"), (r"a\sb", "a\u00a0b"), (r"(?i)k", "\u212a")])
def test_classes_of_characters_are_ascii_as_they_are_in_java(pattern: str, value: str) -> None:
    assert problem(value, AllowedPattern=pattern) is not None


@pytest.mark.parametrize(
    ("declaration", "value", "told"),
    [
        ({"MinLength": 3}, "ab", "it must have at least 3 characters"),
        ({"MaxLength": "3"}, "abcd", "it must have at most 3 characters"),
        ({"Type": "Number", "MinValue": 2}, "1", "it must be at least 2"),
        ({"Type": "Number", "MaxValue": "2"}, "2.5", "it must be at most 2"),
        ({"Type": "Number"}, "two", "it must be a number"),
        ({"Type": "Number"}, "nan", "it must be a number"),
        ({"Type": "Number"}, "", "it must be a number"),
    ],
)
def test_lengths_and_ranges_are_checked(declaration: dict[str, Any], value: str, told: str) -> None:
    assert problem(value, **declaration) == f'Size cannot be "{value}": {told}'


@given(st.integers(-50, 50), st.integers(-50, 50), st.integers(-50, 50))
def test_a_number_passes_exactly_where_it_lies_in_the_range(value: int, low: int, high: int) -> None:
    passes = problem(str(value), Type="Number", MinValue=low, MaxValue=high) is None
    assert passes == (low <= value <= high)


@given(st.decimals(allow_nan=False, allow_infinity=False))
def test_every_decimal_is_a_number(value: Decimal) -> None:
    assert problem(str(value), Type="Number") is None


@given(st.lists(words, min_size=1), st.sets(words, min_size=1))
def test_a_list_passes_exactly_where_each_item_does(chosen: list[str], allowed: set[str]) -> None:
    passes = problem(" , ".join(chosen), Type="CommaDelimitedList", AllowedValues=sorted(allowed)) is None
    assert passes == (set(chosen) <= allowed)


def test_a_list_of_numbers_names_the_item_that_is_none() -> None:
    assert problem("1,two", Type="List<Number>") == 'Size cannot be "two": it must be a number'


@given(st.text(max_size=20))
def test_any_value_gets_an_answer_and_none_breaks_the_check(value: str) -> None:
    assert problem(value, Type="Number", MinValue=1) is None or not re.fullmatch(r"[1-9]\d*", value, re.ASCII)


@pytest.mark.parametrize("declared", [True, "true"])
def test_a_secret_value_is_never_repeated(declared: Any) -> None:
    for value in ("hunter2", "REPLACE-hunter2"):
        told = problem(value, NoEcho=declared, AllowedPattern="[0-9]+", Description="The password.")
        assert told is not None
        assert "hunter2" not in told


def test_a_placeholder_says_where_to_set_it_and_what_it_is() -> None:
    assert problem("REPLACE-IT", Description="Certificate for HTTPS.") == (
        "Size is still the placeholder REPLACE-IT: set it in parameters/dev.json (Certificate for HTTPS)"
    )


def test_a_dynamic_reference_passes_unchecked() -> None:
    assert problem("{{resolve:ssm:/tap/size}}", AllowedValues=["a"]) is None


def test_every_problem_is_reported_at_once() -> None:
    template = {
        "Parameters": {
            "BucketName": {"Type": "String", "Description": "Where."},
            "Size": {"Type": "Number"},
            "Kind": {"Type": "String", "Default": "a"},
        }
    }
    assert list(map(str, parameter_problems(template, {"BuckteName": "a", "Size": "x"}, FILE))) == [
        "BuckteName is not a parameter of the template: did you mean BucketName?",
        "BucketName has no value and no default: set it in parameters/dev.json (Where)",
        'Size cannot be "x": it must be a number',
    ]


def ref(name: str) -> dict[str, str]:
    return {"Ref": name}


RULES_PARAMETERS = {
    "Environment": {"Type": "String", "Default": "dev"},
    "Certificate": {"Type": "String", "Default": ""},
    "Zones": {"Type": "CommaDelimitedList", "Default": "a, b"},
    "Secret": {"Type": "String"},
    "FirstVpc": {"Type": "AWS::EC2::VPC::Id", "Default": "vpc-1"},
    "SecondVpc": {"Type": "AWS::EC2::VPC::Id", "Default": "vpc-1"},
}
NO_CERTIFICATE = {"Fn::Equals": [ref("Certificate"), ""]}


def broken(assertion: Any, condition: Any = None, **values: str) -> list[str]:
    rule: dict[str, Any] = {"Assertions": [{"Assert": assertion, "AssertDescription": "no"}]}
    if condition is not None:
        rule["RuleCondition"] = condition
    return rules.violations({"Parameters": RULES_PARAMETERS, "Rules": {"Rule": rule}}, values)


def test_a_rule_whose_condition_holds_is_enforced() -> None:
    is_prod = {"Fn::Equals": [ref("Environment"), "prod"]}

    assert broken({"Fn::Not": [NO_CERTIFICATE]}, is_prod, Environment="prod") == ["no"]
    assert broken({"Fn::Not": [NO_CERTIFICATE]}, is_prod, Environment="dev") == []
    assert broken({"Fn::Not": [NO_CERTIFICATE]}, is_prod, Environment="prod", Certificate="arn") == []


@pytest.mark.parametrize(
    ("assertion", "holds"),
    [
        ({"Fn::And": [NO_CERTIFICATE, {"Fn::Equals": [ref("Environment"), "dev"]}]}, True),
        ({"Fn::Or": [{"Fn::Not": [NO_CERTIFICATE]}, {"Fn::Equals": ["a", "b"]}]}, False),
        ({"Fn::Contains": [["dev", "test"], ref("Environment")]}, True),
        ({"Fn::Contains": [ref("Zones"), "c"]}, False),
        ({"Fn::EachMemberIn": [ref("Zones"), ["a", "b", "c"]]}, True),
        ({"Fn::EachMemberIn": [ref("Zones"), ["a"]]}, False),
        ({"Fn::EachMemberEquals": [ref("Zones"), "a"]}, False),
        ({"Fn::EachMemberEquals": [{"Fn::RefAll": "AWS::EC2::VPC::Id"}, "vpc-1"]}, True),
        ({"Fn::EachMemberEquals": [{"Fn::RefAll": "AWS::EC2::VPC::Id"}, "vpc-2"]}, False),
    ],
)
def test_rule_functions_work_on_plain_parameters(assertion: Any, holds: bool) -> None:
    assert broken(assertion) == ([] if holds else ["no"])


@pytest.mark.parametrize(
    "assertion",
    [
        {"Fn::Equals": [ref("Secret"), "a"]},
        {"Fn::Equals": [ref("AWS::Region"), "a"]},
        {"Fn::Equals": [{"Fn::ValueOf": ["FirstVpc", "Tags.Name"]}, "a"]},
        {"Fn::Something": ["a"]},
        {"Fn::Contains": ["a", "b"]},
        "perhaps",
    ],
)
def test_what_only_aws_can_tell_is_left_to_it(assertion: Any) -> None:
    assert broken(assertion) == []
    assert broken({"Fn::Equals": ["a", "b"]}, condition=assertion) == []


def test_a_broken_rule_without_a_description_is_named() -> None:
    template = {"Rules": {"Never": {"Assertions": [{"Assert": {"Fn::Equals": ["a", "b"]}}]}}}

    assert rules.violations(template, {}) == ["the template's rule Never is broken"]


def test_a_placeholder_counts_neither_as_a_value_nor_as_the_default_in_rules() -> None:
    template = {
        "Parameters": {"Certificate": {"Type": "String", "Default": ""}},
        "Rules": {
            "Tls": {"Assertions": [{"Assert": {"Fn::Not": [NO_CERTIFICATE]}, "AssertDescription": "TLS"}]}
        },
    }
    (problem,) = parameter_problems(template, {"Certificate": "REPLACE-ME"}, FILE)
    assert problem.text.startswith("Certificate is still the placeholder")
