"""A plan in the terminal, as JSON and as a comment of a pull request."""

import json
import re
from dataclasses import replace
from typing import Any

import pytest
from deploy_fakes import DEV, STACK_ID, changed
from hypothesis import given
from hypothesis import strategies as st
from memory_aws import NEW, OLD, TABLE, TOPIC, MemoryAws, Stack
from memory_service import refusal
from memory_tap import Tap
from rich.console import Console

from tap.cli.plan_view import render_plan
from tap.deploy.guard import judge
from tap.deploy.models import Change, ChangeSet, Detail
from tap.deploy.plan import ParameterValue, Plan
from tap.deploy.plan import parameter_values as parameters_of
from tap.deploy.plan_text import as_json, markdown, rows
from tap.deploy.preflight import capabilities
from tap.deploy.wording import cut, cut_both

DETAIL = Detail("Properties", "DBInstanceClass", "/Properties/DBInstanceClass", "Never", "Static", "ParameterReference",
                "DatabaseInstanceClass", "db.t4g.medium", "db.r8g.large")
CLASS = Change("Modify", "Writer", "w-1", "AWS::RDS::DBInstance", "False", ("Properties",), None, (DETAIL,))
GONE = Change("Remove", "Table", "t-1", "AWS::DynamoDB::Table", None, (), "Delete")


def plan(*changes: Change, **more: Any) -> Plan:
    made = ChangeSet("id", "name", "UPDATE", STACK_ID, changes)
    return Plan(DEV, made, {each.logical_id: judge(each) for each in changes}, **more)


def shown(made: Plan, width: int = 80) -> str:
    console = Console(width=width, highlight=False, markup=False)
    with console.capture() as capture:
        console.print(render_plan(made, parameters=True))
    return "\n".join(line.rstrip() for line in capture.get().splitlines())


def test_a_change_shows_value_before_and_after_cause_and_verdict() -> None:
    assert shown(plan(CLASS)) == """\
Modify  Writer  RDS::DBInstance
        disruptive: DBInstanceClass interrupts it
        DBInstanceClass: db.t4g.medium → db.r8g.large (parameter
        DatabaseInstanceClass)

1 change: 1 Modify; 1 disruptive."""


def test_the_worst_change_comes_first() -> None:
    assert shown(plan(CLASS, GONE)).startswith("""\
Remove  Table  DynamoDB::Table
        destructive: deleted; it holds data
Modify  Writer  RDS::DBInstance
""")


def test_changes_that_differ_in_their_logical_ids_alone_are_one_row() -> None:
    made = plan(CLASS, GONE, replace(CLASS, logical_id="Reader"), replace(GONE, logical_id="Bin"))
    assert shown(made, 200).splitlines()[:4:2] == [
        "Remove  Table, Bin  DynamoDB::Table (2)", "Modify  Writer, Reader  RDS::DBInstance (2)"]
    assert "| Remove | `Table`, `Bin` DynamoDB::Table (2) | ⛔ destructive" in markdown([made])
    assert [each["logical_id"] for each in as_json(made)["changes"]] == ["Writer", "Table", "Reader", "Bin"]


@pytest.mark.parametrize("other", [
    replace(CLASS, logical_id="Reader", details=(replace(DETAIL, after="db.r8g.xlarge"),)),
    replace(CLASS, logical_id="Reader", replacement="True"), replace(CLASS, logical_id="Reader", action="Dynamic")])
def test_changes_that_differ_otherwise_are_rows_of_their_own(other: Change) -> None:
    assert len(rows(plan(CLASS, other))) == 2


def test_a_new_stack_is_a_list_without_verdicts() -> None:
    added = [Change("Add", name, None, "AWS::SNS::Topic", None) for name in ("[red]", "B")]
    made = plan(*added)
    assert shown(replace(made, change_set=replace(made.change_set, type="CREATE"))) == """\
Add  [red], B  SNS::Topic (2)

2 changes: 2 Add."""


def test_a_row_of_long_names_fits_80_columns_and_loses_nothing() -> None:
    kind = "AWS::ElasticLoadBalancingV2::ListenerCertificate"
    name = "ServiceTargetTrackingOnMemoryUtilisationScalingPolicy"
    lines = shown(plan(Change("Remove", name, "x", kind, None, (), "Delete"))).splitlines()
    assert max(map(len, lines)) <= 80
    assert f"{name}{kind[5:]}" in "".join("".join(lines).split())


def test_parameters_show_where_they_come_from_and_defaults_are_counted() -> None:
    parameters = (ParameterValue("Size", "2", "file"), ParameterValue("Image", "x", "override"),
                  ParameterValue("A", "", "default"),
                  ParameterValue("Ami", "/aws/ami", "file", "ami-1"))
    assert shown(plan(CLASS, parameters=parameters)).splitlines()[:5] == [
        "Parameter  Value             From",
        "Size       2                 file",
        "Image      x                 override",
        "Ami        /aws/ami = ami-1  file",
        "1 more have their default values."]


def test_a_default_that_takes_the_place_of_the_stacks_value_is_shown() -> None:
    document = {"Parameters": {name: {"Type": "String", "Default": "1"} for name in ("Size", "Same", "Kept", "New")}}
    env = changed(DEV, parameters={}, previous=frozenset({"Kept"}))
    found = parameters_of(env, document, plan(CLASS).change_set, {"Size": "5", "Same": "1", "Kept": "7"})
    assert shown(plan(CLASS, parameters=found)).splitlines()[:4] == [
        "Parameter  Value  From",
        "Size       1      default, stack has 5",
        "Kept       7      previous",
        "2 more have their default values."]


def test_a_secret_of_the_stack_is_not_shown_beside_the_new_one() -> None:
    env = changed(DEV, parameters={"Pin": "1234"}, secrets=frozenset({"Pin"}))
    found, = parameters_of(env, {"Parameters": {"Pin": {"Type": "String"}}}, plan(CLASS).change_set, {"Pin": "****"})
    assert (found.value, found.deployed) == ("****", None)


@pytest.mark.usefixtures("stack")
def test_the_line_that_applies_a_plan_keeps_what_the_plan_kept(tap: Tap, stack: Stack) -> None:
    tap.document = {**NEW, "Parameters": {"Size": {"Type": "String", "Default": "1"}}}
    stack.parameters = [{"ParameterKey": "Size", "ParameterValue": "5"}]

    assert tap("plan", "dev", "--keep", "Size") == 0
    assert "previous" in tap.out
    assert to_apply(tap) == f"tap deploy dev --root {tap.root} --keep Size"


def test_what_stands_in_the_way_is_said() -> None:
    told = shown(plan(CLASS, warnings=("w",), loosened=("Update:Delete of T",), denied=("Update:Replace of T",)), 120)
    assert "warning: w\n" in told
    assert "warning: the new stack policy would allow Update:Delete of T, which the stack's own denies" in told
    assert "the stack policy does not allow Update:Replace of T: the update would fail" in told


def test_json_names_stack_environment_changes_and_verdict() -> None:
    told = as_json(plan(CLASS, GONE))
    assert {name: told[name] for name in ("environment", "stack", "verdict", "needs_approval")} == {
        "environment": "dev", "stack": "tap-dev", "verdict": "destructive", "needs_approval": ["Table"]}
    assert told["changes"][0]["properties"] == [
        {"path": "DBInstanceClass", "before": "db.t4g.medium", "after": "db.r8g.large",
         "cause": "parameter DatabaseInstanceClass"}]
    json.dumps(told)


def test_what_was_approved_needs_no_approval_any_more() -> None:
    made = replace(plan(GONE), env=changed(DEV, approved=frozenset({"Table"})))
    assert as_json(made)["needs_approval"] == []


def test_a_comment_puts_the_worst_first_and_says_what_to_approve() -> None:
    lines = markdown([plan(CLASS, GONE)]).splitlines()
    assert lines[0] == "### `tap-dev` (dev): 2 changes, destructive"
    assert "> To apply: `--approve Table`" in lines
    assert lines[-2].startswith("| Remove | `Table` DynamoDB::Table | ⛔ destructive: deleted; it holds data |")


@pytest.mark.parametrize("text", ["a|b", "<script>", "`x`", "@everyone", "a\nb"])
def test_a_value_cannot_break_out_of_its_cell(text: str) -> None:
    row = markdown([plan(replace(CLASS, details=(replace(DETAIL, after=text),)))]).splitlines()[-1]
    assert row.count("|") == 5
    assert not {"<script>", "`x`", "@everyone"} & {row.rpartition("→ ")[2].rpartition(" |")[0]}


@given(st.integers(1, 4), st.integers(0, 300), st.integers(500, 65_536))
def test_a_comment_is_never_longer_than_github_takes(plans: int, changes: int, limit: int) -> None:
    made = plan(*(replace(CLASS, logical_id=f"Writer{number}") for number in range(changes)))
    assert len(markdown([made] * plans, limit * plans)) <= limit * plans


def test_what_does_not_fit_is_counted() -> None:
    made = plan(*(replace(CLASS, logical_id=f"Writer{number}") for number in range(400)))
    names = markdown([made], 5000).count("`Writer")
    assert 0 < names < 400
    assert f"… and {400 - names} more changes." in markdown([made], 5000)


def test_a_long_value_is_cut_and_its_length_told() -> None:
    assert cut("x" * 1234) == "x" * 160 + "… (1,234 characters)"


def test_of_two_long_values_the_part_that_differs_is_shown() -> None:
    before, after = cut_both("x" * 400 + "old", "x" * 400 + "new, " + "y" * 300)
    assert before == "…" + "x" * 40 + "old (403 characters)"
    assert after == "…" + "x" * 40 + "new, " + "y" * 115 + "… (705 characters)"


def test_a_long_value_is_shown_from_its_beginning_beside_a_short_one() -> None:
    assert cut_both("a", "x" * 161) == ("a", "x" * 160 + "… (161 characters)")


def test_a_secret_is_shown_nowhere() -> None:
    env = changed(DEV, parameters={"Password": "hunter2", "Old": "hunter2-old"}, secrets=frozenset({"Password", "Old"}))
    made = replace(plan(replace(CLASS, details=(replace(DETAIL, before="x hunter2-old", after="y hunter2"),))), env=env)
    made = replace(made, parameters=parameters_of(
        env, {"Parameters": {"Password": {"NoEcho": True}, "Old": {"NoEcho": True}}}, made.change_set))
    for told in (shown(made), json.dumps(as_json(made)), markdown([made])):
        assert "hunter2" not in told
        assert "****" in told


@pytest.mark.parametrize(("document", "needed"), [
    ({"Resources": {"T": TOPIC}}, set()),
    ({"Resources": {"R": {"Type": "AWS::IAM::Role"}}}, {"CAPABILITY_IAM"}),
    ({"Resources": {"R": {"Type": "AWS::IAM::Role", "Properties": {"RoleName": "r"}}}}, {"CAPABILITY_NAMED_IAM"}),
    ({"Transform": "AWS::Serverless-2016-10-31", "Resources": {}}, {"CAPABILITY_AUTO_EXPAND"}),
])
def test_the_capabilities_a_template_needs_are_known_beforehand(document: Any, needed: set[str]) -> None:
    assert capabilities(document) == needed


# -- tap plan


def to_apply(tap: Tap) -> str:
    return next(line for line in tap.out.splitlines() if "To apply: " in line).partition("To apply: ")[2]


def test_a_plan_changes_nothing(tap: Tap, aws: MemoryAws, stack: Stack) -> None:
    assert tap("plan", "dev") == 0
    assert (stack.status, aws.change_sets, aws.executed) == ("CREATE_COMPLETE", {}, [])
    assert to_apply(tap) == f"tap deploy dev --root {tap.root}"


@pytest.mark.usefixtures("stack")
def test_the_line_that_applies_a_plan_has_its_parameters_and_no_secret(tap: Tap) -> None:
    tap.document = {**NEW, "Parameters": {
        "Name": {"Type": "String", "Default": ""}, "Password": {"Type": "String", "Default": "", "NoEcho": True}}}

    assert tap("plan", "dev", "--parameter", "Name=a b", "--parameter", "Password=hunter2") == 0
    assert to_apply(tap) == f"tap deploy dev --root {tap.root} --parameter 'Name=a b'"
    assert "Pass these secret parameters again: Password" in tap.out


def test_a_secret_in_an_events_reason_is_masked(tap: Tap, aws: MemoryAws, stack: Stack) -> None:
    tap.document = {**NEW, "Parameters": {"Password": {"Type": "String", "NoEcho": True}}}
    aws.failing.add("Topic")
    aws.reason = "hunter2 is too weak"

    assert tap("deploy", "dev", "--yes", "--parameter", "Password=hunter2") == 1
    assert "hunter2" not in tap.out + tap.err
    assert "**** is too weak" in tap.out
    assert "**** is too weak" in tap.err
    assert stack.status == "UPDATE_ROLLBACK_COMPLETE"


@pytest.mark.parametrize(("document", "code"), [(OLD, 0), (NEW, 2)])
@pytest.mark.usefixtures("stack")
def test_detailed_exit_codes_are_terraforms(tap: Tap, document: Any, code: int) -> None:
    tap.document = document
    assert tap("plan", "dev", "--detailed-exitcode") == code


@pytest.mark.parametrize("arguments", [["nowhere"], ["dev", "--json", "--markdown"], ["dev", "--parameter", "x=y"]])
def test_with_detailed_exit_codes_every_error_is_1(tap: Tap, arguments: list[str]) -> None:
    assert tap("plan", *arguments, "--detailed-exitcode") == 1


def test_several_environments_are_planned_at_once_and_shown_side_by_side(tap: Tap, aws: MemoryAws) -> None:
    for name in ("staging", "prod"):
        (tap.root / f"parameters/{name}.json").write_text("{}")

    assert tap("plan", "dev", "staging", "prod") == 0
    assert [line.split() for line in tap.out.splitlines()[-3:]] == [
        [name, f"tap-{name}", "2", "Add", "safe"] for name in ("dev", "staging", "prod")]
    assert aws.stacks == {}


def test_what_is_wrong_with_several_environments_is_said_of_all_of_them(tap: Tap, aws: MemoryAws) -> None:
    for name in ("dev", "prod"):
        (tap.root / f"parameters/{name}.json").write_text('{"Parameters": {"Unknown": "1"}}')

    assert tap("plan", "dev", "prod") == 2
    assert tap.err == "".join(
        f"tap: parameters/{name}.json: Unknown is not a parameter of the template\n" for name in ("dev", "prod"))
    assert aws.calls == []


def test_where_one_of_several_fails_the_others_are_shown_and_it_is_named(tap: Tap, aws: MemoryAws) -> None:
    (tap.root / "parameters/prod.json").write_text("{}")
    aws.add("tap-prod", "ROLLBACK_COMPLETE")

    assert tap("plan", "dev", "prod") == 6
    assert tap.err.startswith("tap: prod: stack tap-prod is ROLLBACK_COMPLETE")
    assert "tap-dev" in tap.out


def test_an_export_that_is_taken_is_said_before_a_change_set_is_made(tap: Tap, aws: MemoryAws) -> None:
    tap.document = {**NEW, "Outputs": {"Url": {"Value": "x", "Export": {"Name": "url"}}}}
    aws.do_list_exports = lambda: {"Exports": [  # type: ignore[method-assign]  # what the account is like
        {"Name": "url", "ExportingStackId": "arn:aws:cloudformation:eu-west-1:1:stack/other/1"}]}

    assert tap("plan", "dev") == 2
    assert tap.err == "tap: output Url exports url, which stack other already exports\n"
    assert "create_change_set" not in aws.calls


@pytest.mark.usefixtures("stack")
def test_a_template_that_cloudformation_may_not_read_names_the_permission(tap: Tap, aws: MemoryAws) -> None:
    aws.always["create_change_set"] = refusal("ValidationError", "S3 error: Access Denied")

    assert tap("plan", "dev") == 2
    assert tap.err.endswith("S3 error: Access Denied: your credentials need s3:GetObject in the artifact bucket\n")


@pytest.mark.usefixtures("stack")
def test_a_capability_that_is_not_granted_names_the_key_to_set(tap: Tap, aws: MemoryAws) -> None:
    tap.document = {"Resources": {"Role": {"Type": "AWS::IAM::Role", "Properties": {"RoleName": "named"}}}}
    grant = "CAPABILITY_NAMED_IAM: add it to capabilities in parameters/targets.toml"

    assert tap("plan", "dev") == 2
    assert tap.err == f"tap: the template requires {grant}\n"
    # Of what is inside a nested stack only CloudFormation knows.
    tap.document = {"Resources": {"Inner": {"Type": "AWS::CloudFormation::Stack"}}}
    aws.always["create_change_set"] = refusal(
        "InsufficientCapabilitiesException", "Requires capabilities : [CAPABILITY_NAMED_IAM]")
    assert tap("deploy", "dev", "--yes") == 2
    assert "[CAPABILITY_NAMED_IAM]: add it to capabilities in parameters/targets.toml" in tap.err


@pytest.mark.usefixtures("stack")
def test_an_approval_of_what_the_plan_does_not_have_is_refused(tap: Tap, aws: MemoryAws) -> None:
    assert tap("deploy", "dev", "--yes", "--approve", "Topik,StackPolicy") == 2
    assert tap.err == "tap: --approve has names that are not in this plan: Topik: did you mean Topic?\n"
    assert aws.executed == []
    assert tap("deploy", "dev", "--yes", "--approve", "Topic") == 0


def test_a_parameter_the_file_does_not_have_keeps_the_value_of_the_stack(
        tap: Tap, aws: MemoryAws, stack: Stack) -> None:
    tap.document = {**NEW, "Parameters": {"Password": {"Type": "String", "NoEcho": True}}}

    stack.parameters = [{"ParameterKey": "Password", "ParameterValue": "****"}]
    assert tap("plan", "dev") == 0
    assert dict(aws.requests)["create_change_set"]["Parameters"] == [
        {"ParameterKey": "Password", "UsePreviousValue": True}]
    stack.parameters = []
    assert tap("plan", "dev") == 2
    assert "Password has no value" in tap.err


def test_values_come_from_our_own_look_where_cloudformation_gives_none(tap: Tap, aws: MemoryAws, stack: Stack) -> None:
    stack.template = json.dumps({"Resources": {"Table": {**TABLE, "Properties": {"TableName": "old"}}}})
    tap.document = {"Resources": {"Table": {**TABLE, "Properties": {"TableName": "new"}}}}
    aws.changed["Table"] = {"Replacement": "True", "Details": [
        {"Target": {"Attribute": "Properties", "Name": "TableName", "RequiresRecreation": "Always"},
         "ChangeSource": "DirectModification"}]}

    assert tap("plan", "dev") == 0
    assert "TableName: old → new (the template)" in tap.out
    assert to_apply(tap) == f"tap deploy dev --root {tap.root} --approve Table"


IMAGE: dict[str, Any] = {
    "Parameters": {"Image": {"Type": "AWS::SSM::Parameter::Value<String>", "Default": "/ami/web"}},
    "Resources": {"Topic": {**TOPIC, "Properties": {"TopicName": {"Ref": "Image"}}}}}


@pytest.mark.parametrize("answered", [True, False])
@pytest.mark.parametrize(("held", "told"), [("ami-1", []), ("ami-2", ["ami-1 → ami-2"])])
def test_an_ssm_parameter_is_compared_by_what_it_holds(
        tap: Tap, aws: MemoryAws, stack: Stack, held: str, told: list[str], *, answered: bool) -> None:
    stack.template = json.dumps(IMAGE)
    stack.parameters = [{"ParameterKey": "Image", "ParameterValue": "/ami/web", "ResolvedValue": "ami-1"}]
    (tap.root / "parameters/dev.json").write_text('{"Parameters": {"Image": "/ami/web"}}')
    tap.document = {**IMAGE, "Resources": {**IMAGE["Resources"], "Table": TABLE}}
    aws.ssm = {"/ami/web": held} if answered else {}

    assert tap("plan", "dev") == 0
    assert re.findall("ami-1 → [^,]*", tap.out) == (told if answered else [])


def test_changes_that_cloudformation_drops_for_their_values_are_fetched_without_them(
        tap: Tap, aws: MemoryAws, stack: Stack) -> None:  # noqa: ARG001  (there is a stack)
    whole_answer = aws.do_describe_change_set

    def without_some(**request: Any) -> Any:
        answer = whole_answer(**request)
        if request.get("IncludePropertyValues"):
            answer["StatusReason"] = ("[WARN] --include-property-values option can return incomplete ChangeSet data "
                                      "because: Logical Id: Topic, failed property validation")
            answer["Changes"] = []
        return answer

    aws.do_describe_change_set = without_some  # type: ignore[method-assign, assignment]  # what the account is like
    assert tap("plan", "dev", "--json") == 0
    told = json.loads(tap.out)
    assert [each["logical_id"] for each in told["changes"]] == ["Topic"]
    assert told["warnings"] == ["CloudFormation omits the property values of some changes: Logical Id: Topic, failed "
                                "property validation"]
