"""`parameters/<environment>.json` and `parameters/targets.toml`."""

import json
from pathlib import Path
from typing import Any

import pytest

from tap.deploy.models import Environment, InputError, Target, Values
from tap.deploy.parameters import environment_names, load_environment, read_environment

TEMPLATE = {
    "Parameters": {
        "Environment": {"Type": "String"},
        "Size": {"Type": "Number", "Default": 1},
        "Image": {"Type": "String", "Default": "nginx"},
        "Password": {"Type": "String", "Default": "", "NoEcho": True},
    }
}

ALLOW = {"Effect": "Allow", "Action": "Update:*", "Principal": "*", "Resource": "*"}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "parameters").mkdir()
    write(tmp_path, Parameters={})
    return tmp_path


def write(root: Path, name: str = "dev.json", **sections: Any) -> None:
    text = sections.pop("text", None) or json.dumps(sections)
    (root / "parameters" / name).write_text(text)


def load(root: Path, name: str = "dev", **more: Any) -> Environment:
    return load_environment(name, root, TEMPLATE, **more)


def refusal(root: Path, name: str = "dev", **more: Any) -> str:
    with pytest.raises(InputError) as caught:
        load(root, name, **more)
    assert caught.value.exit_code == 2
    return caught.value.message


def test_a_file_makes_an_environment(root: Path) -> None:
    write(root, Parameters={"Size": "2"}, Tags={"Team": "payments"}, StackPolicy={"Statement": []})
    write(
        root,
        "targets.toml",
        text='[dev]\nstack_name = "web"\nregion = "eu-west-1"\ntermination_protection = true\n',
    )

    assert load(root) == Environment(
        "dev",
        Target("web", region="eu-west-1", termination_protection=True),
        Values({"Size": "2", "Environment": "dev"}, {"Team": "payments"}, '{"Statement": []}',
               secrets=frozenset({"Password"})),
    )


def test_without_targets_the_stack_is_named_after_the_environment(root: Path) -> None:
    assert load(root).stack_name == "tap-dev"


def test_the_default_table_gives_what_an_environments_own_does_not(root: Path) -> None:
    write(root, "prod.json", Parameters={})
    write(root, "targets.toml", text='[default]\nregion = "eu-west-1"\n[prod]\nregion = "eu-north-1"\n')

    assert (load(root).target.region, load(root, "prod").target.region) == ("eu-west-1", "eu-north-1")


def test_a_copied_file_that_still_names_another_environment_is_refused(root: Path) -> None:
    write(root, "pr-123.json", Parameters={"Environment": "dev"})

    assert refusal(root, "pr-123") == (
        "parameters/pr-123.json: Environment is dev, not pr-123: remove it, or set it to pr-123")


def test_a_least_above_its_most_is_refused(root: Path) -> None:
    template = {"Parameters": {"MinTasks": {"Type": "Number"}, "MaxTasks": {"Type": "Number", "Default": 10}}}
    write(root, Parameters={"MinTasks": "11"})

    with pytest.raises(InputError) as caught:
        load_environment("dev", root, template)
    assert caught.value.message == (
        "parameters/dev.json: MinTasks is 11, which is more than MaxTasks, 10: change one of them")


def test_what_was_given_on_the_command_line_is_not_looked_for_in_the_file(root: Path) -> None:
    assert "(given with --parameter)" in refusal(root, overrides={"Sizes": "1"})


def test_a_template_without_an_environment_parameter_is_given_none(root: Path) -> None:
    assert load_environment("dev", root, {}).values.parameters == {}


def test_overrides_take_the_place_of_values_of_the_file(root: Path) -> None:
    write(root, Parameters={"Size": "2"})

    assert load(root, overrides={"Size": "3"}).values.parameters["Size"] == "3"


def test_overrides_are_checked_as_values_of_the_file_are(root: Path) -> None:
    assert "Siez is not a parameter of the template: did you mean Size?" in refusal(
        root, overrides={"Siez": "3"}
    )


def test_stand_ins_take_the_place_of_placeholders_only(root: Path) -> None:
    write(root, Parameters={"Image": "REPLACE-IMAGE", "Size": "2"})

    parameters = load(root, stand_ins={"Image": "stand-in", "Size": "9", "Other": "x"}).values.parameters
    assert parameters == {"Image": "stand-in", "Size": "2", "Environment": "dev"}


def test_an_empty_stack_policy_is_none(root: Path) -> None:
    write(root, StackPolicy={})

    assert load(root).values.stack_policy is None


def test_the_environments_are_the_files(root: Path) -> None:
    write(root, "prod.json", Parameters={})
    write(root, "targets.toml", text="[dev]\n")

    assert environment_names(root) == ["dev", "prod"]


@pytest.mark.parametrize("name", ["dve", "pr-123", "../parameters/dev", ""])
def test_an_environment_without_a_file_is_told_which_exist(root: Path, name: str) -> None:
    told = refusal(root, name)
    assert told.startswith(f"environment {name} does not exist")
    assert told.endswith(" parameters/ has dev")


def test_a_mistyped_environment_is_told_the_nearest(root: Path) -> None:
    assert refusal(root, "dve") == "environment dve does not exist: did you mean dev? parameters/ has dev"


def test_a_folder_without_parameters_is_told_about_root(tmp_path: Path) -> None:
    assert refusal(tmp_path).endswith("run tap in the project's directory, or use --root")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('{\n  "Parameters" {}\n}', "parameters/dev.json:2:16: "),
        ("", "parameters/dev.json:1:1: "),
        ("[]", "parameters/dev.json must have this shape: "),
        ('{"Parameter": {}}', "parameters/dev.json: Parameter is not a section of this file: did you"),
        ('{"Tags": []}', "parameters/dev.json: Tags must be an object"),
        ('{"Parameters": {"Size": "1", "Size": "2"}}', "parameters/dev.json: Size occurs twice"),
        ('{"Parameters": {"Size": 2}}', 'parameters/dev.json: Size must be text: write "2", not 2'),
        ('{"Parameters": {"Size": true}}', 'parameters/dev.json: Size must be text: write "true"'),
        ('{"Parameters": {"Size": ["2"]}}', "parameters/dev.json: Size must be text: put"),
        ('{"Tags": {"Team": 1}}', 'parameters/dev.json: tag Team must be text: write "1", not 1'),
    ],
)  # fmt: skip
def test_a_broken_file_is_one_line_that_says_where(root: Path, text: str, told: str) -> None:
    (root / "parameters/dev.json").write_text(text)

    message = refusal(root)
    assert message.startswith(told)
    assert "\n" not in message


def test_a_secret_that_is_no_text_is_not_repeated(root: Path) -> None:
    write(root, Parameters={"Password": 1234})

    assert "1234" not in refusal(root)


def test_a_file_in_another_encoding_is_one_line(root: Path) -> None:
    (root / "parameters/dev.json").write_bytes(b'{"Tags": {"Team": "\xe9"}}')

    assert refusal(root) == "parameters/dev.json is not UTF-8 text: save it as UTF-8"


def test_several_problems_are_a_list(root: Path) -> None:
    write(root, Parameters={"Size": "x", "Imagee": "y"})

    assert refusal(root).splitlines() == [
        "parameters/dev.json: 2 problems",
        "  - Imagee is not a parameter of the template: did you mean Image?",
        '  - Size cannot be "x": it must be a number',
    ]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[dev]\nregion = eu\n", "parameters/targets.toml:2:10: "),
        ("[dev]\nregoin = 'eu'\n", "parameters/targets.toml: [dev] has an unknown key regoin: did you mean"),
        ("[dev]\nregion = 1\n", "parameters/targets.toml: [dev] region must be text in quotes"),
        ("[dev]\ntermination_protection = 1\n", "parameters/targets.toml: [dev] termination_protection must"),
        ("[dve]\n", "parameters/targets.toml: [dve] is not an environment: did you mean dev?"),
        ("dev = 1\n", "parameters/targets.toml: dev must be a table"),
        ("[default]\nstack_name = 'x'\n", "parameters/targets.toml: [default] must not have stack_name"),
        ("[dev]\nstack_name = '1 x'\n", 'parameters/targets.toml: [dev] stack_name "1 x" must start'),
    ],
)  # fmt: skip
def test_broken_targets_are_one_line_that_says_where(root: Path, text: str, told: str) -> None:
    write(root, "targets.toml", text=text)

    message = refusal(root)
    assert message.startswith(told)
    assert "\n" not in message


@pytest.mark.parametrize(("policy", "told"), [
    ({"Statment": []}, "StackPolicy has an unknown element Statment: did you mean Statement?"),
    ({"Statement": "x"}, "StackPolicy, statement 1: it must be an object with Effect, Action, Principal and Resource"),
    ({**ALLOW, "Effect": "allow"}, "StackPolicy, statement 1: Effect must be Allow or Deny"),
    ({**ALLOW, "Principal": "arn:aws:iam::1:root"},
     'StackPolicy, statement 1: Principal must be "*", the only one that stack policies support'),
    ({**ALLOW, "Action": "Update:Modfy"},
     "StackPolicy, statement 1: Action Update:Modfy must be Update:* or one of Update:Modify, Update:Replace, "
     "Update:Delete"),
    ({**ALLOW, "NotAction": "Update:*"}, "StackPolicy, statement 1: it must have either Action or NotAction"),
    ({**ALLOW, "Resorce": "*"}, "StackPolicy, statement 1: Resorce is unknown: did you mean Resource?"),
    ({**ALLOW, "Resource": ["*", "LogicalResourceId/Databse"]},
     "StackPolicy, statement 1: Resource LogicalResourceId/Databse is not a resource of the template (did you mean "
     'Database?): write "*" or LogicalResourceId/ and a logical id'),
    ({**ALLOW, "Resource": "Database"},
     "StackPolicy, statement 1: Resource Database is not a resource of the template (did you mean Database?): write "
     '"*" or LogicalResourceId/ and a logical id'),
    ({**ALLOW, "Condition": []}, "StackPolicy, statement 1: Condition must be an object"),
    ({**ALLOW, "Sid": "x" * 16_384}, "StackPolicy is too long: the maximum is 16,384 bytes"),
])  # fmt: skip
def test_a_stack_policy_that_is_misspelt_is_refused(root: Path, policy: dict[str, Any], told: str) -> None:
    write(root, StackPolicy={"Statement": [policy]} if "Effect" in policy else policy)

    with pytest.raises(InputError) as caught:
        load_environment("dev", root, {"Resources": {"Database": {}}})
    assert caught.value.message == f"parameters/dev.json: {told}"


@pytest.mark.parametrize("policy", [
    {"Statement": ALLOW}, {"Statement": []}, {"Version": "2012-10-17", "Statement": [ALLOW]},
    {"Statement": [{"Effect": "Deny", "Principal": "*", "NotAction": "update:modify", "NotResource":
                    ["LogicalResourceId/Data*"], "Condition": {"StringEquals": {"ResourceType": ["AWS::RDS::*"]}}}]},
])  # fmt: skip
def test_a_stack_policy_may_be_written_in_every_way_that_cloudformation_takes(
        root: Path, policy: dict[str, Any]) -> None:
    write(root, StackPolicy=policy)

    assert load_environment("dev", root, {"Resources": {"Database": {}}}).values.stack_policy == json.dumps(policy)


@pytest.mark.parametrize(("tags", "told"), [
    ({"aws:cloudformation:x": "y"}, "tag aws:cloudformation:x is reserved for AWS: choose a name without aws:"),
    ({"": "x"}, 'tag "" must have a name of 1 to 128 characters'),
    ({"Team": ""}, "tag Team must have 1 to 256 characters"),
    ({"Team": "x" * 257}, "tag Team must have 1 to 256 characters"),
    ({'"Team': "pay"}, 'tag "Team has ": use letters, digits, spaces and _ . : / = + - @'),
    ({"Team": "a&b, c"}, "tag Team has &,: use letters, digits, spaces and _ . : / = + - @")])
def test_a_tag_that_cloudformation_takes_from_nobody_is_refused(root: Path, tags: dict[str, str], told: str) -> None:
    write(root, Tags=tags)

    assert refusal(root) == f"parameters/dev.json: {told}"


def test_a_value_that_is_no_text_is_never_passed_over(root: Path) -> None:
    write(root, Parameters={"Size": 2})

    with pytest.raises(InputError) as caught:
        read_environment("dev", root, TEMPLATE)
    assert caught.value.message == 'parameters/dev.json: Size must be text: write "2", not 2'


@pytest.mark.parametrize("region", ["", "evil.example/#", "eu-west-1\\nHost: x", "eu-west-1 "])
def test_what_is_no_region_becomes_no_part_of_a_host_name(root: Path, region: str) -> None:
    write(root, "targets.toml", text=f'[dev]\nregion = "{region}"\n')

    assert "must be a region, such as eu-central-1" in refusal(root)


@pytest.mark.parametrize("region", ["eu-central-1", "us-gov-west-1", "us-isob-east-1", "eusc-de-east-1"])
def test_the_regions_of_every_partition_are_regions(root: Path, region: str) -> None:
    write(root, "targets.toml", text=f'[dev]\nregion = "{region}"\n')

    assert load(root).target.region == region


@pytest.mark.parametrize("bucket", ["a{nope}", "a{b{c}", "{account", "A-b"])
def test_a_bucket_with_anything_else_in_braces_is_refused(root: Path, bucket: str) -> None:
    write(root, "targets.toml", text=f'[dev]\nartifact_bucket = "{bucket}"\n')

    assert "must be the name of a bucket" in refusal(root)


def test_digits_of_other_scripts_are_no_numbers(root: Path) -> None:
    write(root, Parameters={"Size": "\u0661"})

    assert refusal(root) == 'parameters/dev.json: Size cannot be "\u0661": it must be a number'


KEEP = '[default]\nkeep = ["Image"]\n'


def test_a_kept_parameter_has_the_stacks_value_and_not_the_files(root: Path) -> None:
    write(root, Parameters={"Image": "old", "Size": "2"})
    write(root, "targets.toml", text=KEEP)

    values = load(root, previous=lambda _env: ["Image", "Size"]).values
    assert (values.previous, values.parameters) == (frozenset({"Image"}), {"Size": "2", "Environment": "dev"})


def test_a_new_stack_takes_the_files_value_of_a_kept_parameter(root: Path) -> None:
    write(root, Parameters={"Image": "first"})
    write(root, "targets.toml", text=KEEP)

    values = load(root, previous=lambda _env: []).values
    assert (values.previous, values.parameters["Image"]) == (frozenset(), "first")


def test_a_placeholder_is_no_problem_of_a_parameter_that_is_kept(root: Path) -> None:
    write(root, Parameters={"Image": "REPLACE-WITH-THE-IMAGE"})
    write(root, "targets.toml", text=KEEP)

    assert load(root, previous=lambda _env: ["Image"]).values.previous == {"Image"}
    assert "Image is still the placeholder" in refusal(root, previous=lambda _env: [])


def test_the_command_line_has_the_last_word_on_a_kept_parameter(root: Path) -> None:
    write(root, "targets.toml", text=KEEP)

    values = load(root, overrides={"Image": "mine"}, previous=lambda _env: ["Image"]).values
    assert (values.previous, values.parameters["Image"]) == (frozenset(), "mine")


def test_a_rule_is_not_judged_by_the_default_of_a_kept_parameter(root: Path) -> None:
    template = {**TEMPLATE, "Rules": {"Own": {"Assertions": [
        {"Assert": {"Fn::Not": [{"Fn::Equals": [{"Ref": "Image"}, "nginx"]}]},
         "AssertDescription": "bring an image"}]}}}
    write(root, "targets.toml", text=KEEP)

    assert load_environment("dev", root, template, previous=lambda _env: ["Image"]).values.previous == {"Image"}
    with pytest.raises(InputError, match="bring an image"):
        load_environment("dev", root, template, previous=lambda _env: [])


def test_what_is_kept_must_be_a_parameter(root: Path) -> None:
    write(root, "targets.toml", text='[dev]\nkeep = ["Imgae"]\n')

    assert "Imgae is not a parameter of the template: did you mean Image? (keep in parameters" in refusal(root)


def test_a_parameter_is_kept_for_one_run(root: Path) -> None:
    write(root, Parameters={"Image": "old"})

    assert load(root, keep=["Image"], previous=lambda _env: ["Image"]).values.previous == {"Image"}
    assert "Imgae is not a parameter of the template: did you mean Image? (given with --keep)" in refusal(
        root, keep=["Imgae"], previous=lambda _env: [])


def test_a_star_keeps_all_that_the_file_does_not_set(root: Path) -> None:
    write(root, Parameters={"Size": "2"})
    write(root, "targets.toml", text='[dev]\nkeep = ["*"]\n')

    values = load(root, previous=lambda _env: ["Image", "Size"]).values
    assert (values.previous, values.parameters["Size"]) == (frozenset({"Image"}), "2")
