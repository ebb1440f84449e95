"""`tap fleet`: one stack set, brought to what parameters/fleet.toml says; CloudFormation goes through the accounts."""

import io
import json
from pathlib import Path
from typing import Any

import pytest
from documents import document
from memory_service import refusal
from memory_stack_sets import FRANKFURT, IRELAND, OU, TEMPLATE, A, B, C, Tap

CHANGING = ("create_stack_set", "update_stack_set", "create_stack_instances", "update_stack_instances")
SERVICE_MANAGED: dict[str, Any] = {"permission_model": "SERVICE_MANAGED", "accounts": None,
                                   "organizational_units": [OU]}
DEPLOY = ("fleet", "deploy", "prod", "--yes")


def pairs(given: list[dict[str, str]]) -> dict[str, str]:
    return {each["ParameterKey"]: each["ParameterValue"] for each in given}


def overrides(tap: Tap) -> dict[tuple[str, str], dict[str, str]]:
    return {cell: pairs(each["ParameterOverrides"]) for cell, each in tap.aws.instances.items()}


# -- the requests


def test_a_new_fleet_is_one_stack_set_and_one_request_for_all_its_stacks(tap: Tap) -> None:
    assert tap(*DEPLOY) == 0
    (made, whole), (method, request) = tap.requests(*CHANGING)
    assert (made, method) == ("create_stack_set", "create_stack_instances")
    assert pairs(whole["Parameters"]) == {"Environment": "prod"}
    assert (request["Accounts"], request["Regions"]) == ([A, B], [IRELAND, FRANKFURT])
    assert "ParameterOverrides" not in request
    assert {each["Status"] for each in tap.aws.instances.values()} == {"CURRENT"}
    assert tap.out.endswith("Applied: stack set tap-prod is up to date.\n")


def test_run_again_it_does_nothing(tap: Tap) -> None:
    tap(*DEPLOY)
    tap.aws.requests.clear()
    assert tap("fleet", "deploy", "prod") == 0
    assert tap.out == "No changes.\n"
    assert tap.requests(*CHANGING) == []


def test_a_plan_changes_nothing(tap: Tap) -> None:
    assert tap("fleet", "plan", "prod") == 0
    assert tap.out.splitlines() == [
        "1. create stack set tap-prod", f"2. create stacks in {A}, {B} in {IRELAND}, {FRANKFURT}"]
    assert tap.aws.sets == {}


def test_how_careful_an_operation_is_comes_from_the_file(tap: Tap) -> None:
    tap.fleet(failure_tolerance="10%", max_concurrent=5, region_concurrency="PARALLEL",
              concurrency_mode="SOFT_FAILURE_TOLERANCE")
    tap(*DEPLOY)
    (_, request), = tap.requests("create_stack_instances")
    assert request["OperationPreferences"] == {
        "RegionConcurrencyType": "PARALLEL", "RegionOrder": [IRELAND, FRANKFURT], "FailureTolerancePercentage": 10,
        "MaxConcurrentCount": 5, "ConcurrencyMode": "SOFT_FAILURE_TOLERANCE"}


def test_a_region_that_does_not_exist_is_refused_before_a_call(tap: Tap) -> None:
    tap.fleet(regions=[IRELAND, "eu-wset-1"])

    assert tap(*DEPLOY) == 2
    assert tap.err.startswith("tap: region eu-wset-1 does not exist: did you mean eu-west-1? correct it")
    assert tap.aws.calls == []


def test_values_of_a_region_and_of_an_account_each_reach_their_stacks(tap: Tap) -> None:
    tap.fleet(overrides=[{"regions": [FRANKFURT], "parameters": {"Size": "2"}},
                         {"accounts": [B], "parameters": {"Size": "3"}}])
    assert tap(*DEPLOY) == 0
    assert overrides(tap) == {(A, IRELAND): {}, (A, FRANKFURT): {"Size": "2"},
                              (B, IRELAND): {"Size": "3"}, (B, FRANKFURT): {"Size": "3"}}
    # Three kinds of stacks, three requests: B's are alike in both regions.
    assert len(tap.requests("create_stack_instances")) == 3


def test_a_value_that_is_taken_back_is_the_stack_sets_again(tap: Tap) -> None:
    tap.fleet(overrides=[{"accounts": [B], "parameters": {"Size": "3"}}])
    tap(*DEPLOY)
    tap.fleet()
    assert tap(*DEPLOY) == 0
    assert overrides(tap)[B, IRELAND] == {}
    (_, request), = tap.requests("update_stack_instances")
    assert (request["Accounts"], request["ParameterOverrides"]) == ([B], [])


def test_a_new_region_gets_stacks_and_the_others_are_left_alone(tap: Tap) -> None:
    tap.fleet(regions=[IRELAND])
    tap(*DEPLOY)
    tap.fleet()
    tap(*DEPLOY)
    _, (_, request) = tap.requests("create_stack_instances")
    assert (request["Accounts"], request["Regions"]) == ([A, B], [FRANKFURT])
    assert tap.requests("update_stack_set", "update_stack_instances") == []


def test_stacks_that_the_file_no_longer_has_are_told_and_stay(tap: Tap) -> None:
    tap(*DEPLOY)
    tap.fleet(accounts=[A])
    assert tap(*DEPLOY) == 0
    assert f"unchanged: the stack of {B} in {IRELAND}" in tap.out
    assert (B, IRELAND) in tap.aws.instances


def test_another_value_updates_the_set_before_new_stacks_are_made(tap: Tap) -> None:
    tap.fleet(regions=[IRELAND])
    tap(*DEPLOY)
    tap.aws.requests.clear()
    tap.fleet(parameters={"Environment": "prod", "Size": "9"})
    assert tap(*DEPLOY) == 0
    assert "parameter Size: 1 → 9" in tap.out
    assert [name for name, _ in tap.requests(*CHANGING)] == ["update_stack_set", "create_stack_instances"]


def test_an_update_is_of_the_whole_set(tap: Tap) -> None:
    tap(*DEPLOY)
    tap.document = {**TEMPLATE, "Resources": {**TEMPLATE["Resources"], "New": {"Type": "AWS::SNS::Topic"}}}
    tap(*DEPLOY)
    assert "template: adds New" in tap.out
    (_, request), = tap.requests("update_stack_set")
    assert json.loads(request["TemplateBody"]) == tap.document
    assert not {"Accounts", "Regions", "DeploymentTargets"} & request.keys()


def test_the_values_of_an_environment_are_a_fleets_too(tap: Tap) -> None:
    (tap.root / "parameters/prod.json").write_text(
        json.dumps({"Parameters": {"Size": "7"}, "Tags": {"Owner": "team-a"}}))
    tap.fleet(environment="prod", parameters=None)
    assert tap(*DEPLOY) == 0
    (_, request), = tap.requests("create_stack_set")
    assert pairs(request["Parameters"]) == {"Size": "7", "Environment": "prod"}
    assert request["Tags"] == [{"Key": "Owner", "Value": "team-a"}]


@pytest.mark.parametrize(("more", "code"), [
    ({}, 2), ({"parameters": {"EnvironmentFileArn": ""}}, 0),
    ({"overrides": [{"accounts": ["111111111111"], "parameters": {"EnvironmentFileArn": "arn:1"}}]}, 0)],
    ids=["unsaid", "none", "by account"])
def test_variables_that_a_fleet_would_leave_out_are_refused_until_it_says_so(
        tap: Tap, more: dict[str, Any], code: int) -> None:
    tap.document = {**tap.document, "Parameters": {
        **tap.document["Parameters"], "EnvironmentFileArn": {"Type": "String", "Default": ""}}}
    (tap.root / "parameters/prod.json").write_text('{"Parameters": {}}')
    (tap.root / "parameters/prod.env").write_text("GREETING=hello\n")
    tap.fleet(**{"environment": "prod", "parameters": {"Environment": "prod"}, **more} | (
        {"parameters": {"Environment": "prod", **more.get("parameters", {})}}))

    assert tap("fleet", "plan", "prod") == code
    assert ("[prod] does not read parameters/prod.env" in tap.err) is (code == 2)


def test_a_value_of_an_environment_that_is_no_text_is_refused_and_not_passed_over(tap: Tap) -> None:
    (tap.root / "parameters/prod.json").write_text('{"Parameters": {"Size": 7}}')
    tap.fleet(environment="prod", parameters=None)
    assert tap(*DEPLOY) == 2
    assert tap.err == 'tap: parameters/prod.json: Size must be text: write "7", not 7\n'


def test_a_template_too_large_for_a_request_goes_through_the_bucket(tap: Tap) -> None:
    tap.document = {**TEMPLATE, "Metadata": {"Long": "x" * 52_000}}
    tap.fleet(artifact_bucket="artifacts")
    assert tap(*DEPLOY) == 0
    key, = tap.bucket.objects
    (_, request), = tap.requests("create_stack_set")
    assert request["TemplateURL"] == f"https://artifacts.s3.eu-west-1.amazonaws.com/{key}"
    assert "TemplateBody" not in request


# -- service-managed


def test_organisational_units_are_the_targets_of_a_service_managed_fleet(tap: Tap) -> None:
    tap.fleet(**SERVICE_MANAGED, call_as="DELEGATED_ADMIN", auto_deployment=True)
    assert tap(*DEPLOY) == 0
    (_, whole), (_, request) = tap.requests(*CHANGING)
    assert whole["AutoDeployment"] == {"Enabled": True, "RetainStacksOnAccountRemoval": True}
    assert request["DeploymentTargets"] == {"OrganizationalUnitIds": [OU]}
    assert {request["CallAs"] for _, request in tap.aws.requests if "CallAs" in request} == {"DELEGATED_ADMIN"}
    assert set(tap.aws.instances) == {(A, IRELAND), (B, IRELAND), (A, FRANKFURT), (B, FRANKFURT)}


def test_an_account_of_a_unit_may_have_values_of_its_own(tap: Tap) -> None:
    tap.fleet(**SERVICE_MANAGED, overrides=[{"accounts": [B], "parameters": {"Size": "3"}}])
    assert tap(*DEPLOY) == 0
    assert [request["DeploymentTargets"].get("AccountFilterType")
            for _, request in tap.requests("create_stack_instances")] == ["DIFFERENCE", "INTERSECTION"]
    assert overrides(tap) == {(A, IRELAND): {}, (A, FRANKFURT): {}, (B, IRELAND): {"Size": "3"},
                              (B, FRANKFURT): {"Size": "3"}}
    assert tap("fleet", "plan", "prod") == 0
    assert tap.out == "No changes.\n"


def test_a_unit_without_accounts_is_asked_for_again(tap: Tap) -> None:
    tap.aws.organisation["ou-abcd-87654321"] = []
    tap.fleet(**SERVICE_MANAGED | {"organizational_units": [OU, "ou-abcd-87654321"]})
    tap(*DEPLOY)
    assert tap("fleet", "plan", "prod") == 0
    assert tap.out == f"1. create stacks in ou-abcd-87654321 in {IRELAND}, {FRANKFURT}\n"


def test_accounts_that_the_organisation_added_by_itself_are_no_strangers(tap: Tap) -> None:
    tap.fleet(**SERVICE_MANAGED, auto_deployment=True)
    tap(*DEPLOY)
    tap.aws.instances[C, IRELAND] = {**tap.aws.instances[A, IRELAND], "Account": C}
    assert tap("fleet", "plan", "prod") == 0
    assert tap.out == "No changes.\n"


# -- following


def test_every_stack_is_followed(tap: Tap) -> None:
    tap.fleet(regions=[IRELAND])
    tap(*DEPLOY)
    lines = [line.split() for line in tap.out.splitlines() if line.startswith((A, B))]
    assert [line for line in lines if line[2] != "PENDING"] == [
        [account, IRELAND, status] for account in (A, B) for status in ("RUNNING", "SUCCEEDED")]


def test_a_stack_that_fails_is_named_with_its_reason(tap: Tap) -> None:
    tap.aws.failing = {(B, FRANKFURT)}
    assert tap(*DEPLOY) == 1
    assert f"tap: {B} in {FRANKFURT}: no capacity\n" in tap.err
    assert "is FAILED" in tap.err


def test_after_a_failure_no_further_step_is_taken(tap: Tap) -> None:
    tap.fleet(overrides=[{"accounts": [B], "parameters": {"Size": "3"}}])
    tap.aws.failing = {(A, IRELAND)}
    assert tap(*DEPLOY) == 1
    assert len(tap.requests("create_stack_instances")) == 1


def test_a_tolerated_failure_ends_with_1_after_everything_else_is_done(tap: Tap) -> None:
    tap.fleet(failure_tolerance=1, overrides=[{"accounts": [B], "parameters": {"Size": "3"}}])
    tap.aws.tolerance, tap.aws.failing = 1, {(A, IRELAND)}
    assert tap(*DEPLOY) == 1
    assert "1 stacks of tap-prod failed, within the failure tolerance" in tap.err
    assert tap.aws.instances[B, FRANKFURT]["Status"] == "CURRENT"


def test_what_failed_is_tried_again(tap: Tap) -> None:
    tap.aws.failing = {(A, IRELAND)}
    tap(*DEPLOY)
    tap.aws.failing = set()
    assert tap(*DEPLOY) == 0
    assert f"1 stacks are outdated: {A} in {IRELAND}" in tap.out
    assert {each["Status"] for each in tap.aws.instances.values()} == {"CURRENT"}


@pytest.mark.parametrize("method", ["create_stack_set", "create_stack_instances"])
@pytest.mark.parametrize("when", ["before", "after"])
def test_a_lost_answer_starts_nothing_twice(tap: Tap, method: str, when: str) -> None:
    tap.aws.lose(method, when)
    assert tap(*DEPLOY) == 0
    assert len(tap.aws.operations) == 1
    assert len({json.dumps(request, sort_keys=True) for _, request in tap.requests(method)}) == 1


def test_a_refused_second_try_of_the_client_counts_as_started(tap: Tap) -> None:
    tap.aws.faults["create_stack_instances"] = [("after", refusal("OperationIdAlreadyExistsException"))]
    assert tap(*DEPLOY) == 0


def test_a_refusal_is_told_also_where_the_operation_cannot_be_looked_for(tap: Tap) -> None:
    tap.aws.faults["create_stack_instances"] = [("before", refusal("AccessDenied", "you may not create"))]
    tap.aws.faults["describe_stack_set_operation"] = [("before", refusal("AccessDenied", "you may not look"))]
    assert tap(*DEPLOY) == 1
    assert "you may not create" in tap.err
    assert "you may not look" not in tap.err


def test_a_start_that_nobody_can_tell_of_counts_as_running(tap: Tap) -> None:
    tap.aws.lose("create_stack_instances", "after")
    tap.aws.faults["describe_stack_set_operation"] = [("before", refusal("ExpiredToken", "expired"))]
    assert tap(*DEPLOY) == 5
    assert "cannot determine whether the operation was started" in tap.err


def test_a_set_that_somebody_else_made_meanwhile_is_not_taken_over(tap: Tap) -> None:
    def made() -> None:
        tap.aws.sets["tap-prod"] = {"StackSetName": "tap-prod", "TemplateBody": '{"Resources": {}}', "Parameters": [],
                                    "Tags": [], "PermissionModel": "SELF_MANAGED", "Status": "ACTIVE"}

    tap.aws.hooks["create_stack_set"] = made
    assert tap(*DEPLOY) == 2
    assert "another process created stack set tap-prod in the meantime" in tap.err
    assert tap.aws.operations == {}


def test_while_another_operation_runs_nothing_is_started(tap: Tap) -> None:
    tap(*DEPLOY)
    tap.aws.operations["theirs"] = {"Action": "UPDATE", "Status": "RUNNING", "cells": {}, "left": []}
    tap.fleet(parameters={"Environment": "prod", "Size": "9"})
    assert tap(*DEPLOY) == 5
    assert "another operation on the stack set is in progress" in tap.err


def test_a_passing_fault_while_watching_is_survived(tap: Tap) -> None:
    tap.aws.lose("describe_stack_set_operation", "before", times=12)
    assert tap(*DEPLOY) == 0


def test_an_aws_that_falls_silent_while_watching_is_left_after_some_minutes(tap: Tap) -> None:
    def wait_in_vain() -> None:
        tap.slept += 60
        tap.aws.hooks["describe_stack_set_operation"] = wait_in_vain

    tap.aws.lose("describe_stack_set_operation", "before", times=500)
    tap.aws.hooks["describe_stack_set_operation"] = wait_in_vain
    assert tap(*DEPLOY) == 5
    assert 300 < tap.slept < 450


def test_an_interrupted_operation_goes_on_and_may_be_followed(tap: Tap) -> None:
    tap.aws.faults["list_stack_set_operation_results"] = [("before", KeyboardInterrupt())]
    assert tap(*DEPLOY) == 5
    assert "follow it with: tap fleet status prod --follow" in tap.err
    assert tap("fleet", "status", "prod") == 5
    assert tap("fleet", "status", "prod", "--follow") == 0
    assert {each["Status"] for each in tap.aws.instances.values()} == {"CURRENT"}


# -- the guard


@pytest.mark.parametrize(("policy", "code"), [
    ({}, 4), ({"DeletionPolicy": "Retain"}, 0), ({"DeletionPolicy": "RetainExceptOnCreate"}, 0)])
def test_what_leaves_the_template_with_its_data_has_to_be_approved(tap: Tap, policy: dict[str, str], code: int) -> None:
    tap.document = {**TEMPLATE, "Resources": {**TEMPLATE["Resources"],
                                              "Table": {"Type": "AWS::DynamoDB::Table", **policy}}}
    tap(*DEPLOY)
    tap.document = {**TEMPLATE, "Resources": {"Topic": {"Type": "AWS::SNS::Topic"}}}
    assert tap(*DEPLOY) == code
    assert tap(*DEPLOY, "--approve", "Table") == 0


def test_without_an_answer_nothing_is_done(tap: Tap, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(""))
    assert tap("fleet", "deploy", "prod") == 3
    assert tap.aws.sets == {}


def test_another_administrator_than_the_fleets_is_refused(tap: Tap) -> None:
    tap.fleet(administrators=[C])
    assert tap(*DEPLOY) == 4
    assert tap.aws.calls == []


# -- status


def test_status_lists_every_page_of_stacks(tap: Tap) -> None:
    tap(*DEPLOY)
    assert tap("fleet", "status", "prod", "--json") == 0
    told = document(tap.out, "fleet-status")
    assert len(told["instances"]) == 4
    assert {each["status"] for each in told["instances"]} == {"CURRENT"}


def test_plans_and_deployments_of_a_fleet_are_documents(tap: Tap) -> None:
    assert tap("fleet", "plan", "prod", "--json") == 0
    assert document(tap.out, "fleet-plan")["outcome"] == "changes"
    assert tap(*DEPLOY, "--json") == 0
    assert document(tap.out, "fleet-deploy")["outcome"] == "applied"
    assert tap(*DEPLOY, "--json") == 0
    assert document(tap.out, "fleet-deploy")["outcome"] == "no changes"


def test_a_stack_that_is_not_current_fails_the_status(tap: Tap) -> None:
    tap.aws.failing = {(A, IRELAND)}
    tap(*DEPLOY)
    assert tap("fleet", "status", "prod") == 1
    assert "OUTDATED" in tap.out


def test_drift_is_looked_for_by_cloudformation_and_fails_the_status(tap: Tap) -> None:
    tap(*DEPLOY)
    assert tap("fleet", "status", "prod", "--drift") == 0
    tap.aws.drifted = {(B, IRELAND)}
    assert tap("fleet", "status", "prod", "--drift") == 1
    assert "DRIFTED" in tap.out


def test_a_fleet_that_is_not_there_yet_is_no_error(tap: Tap) -> None:
    assert tap("fleet", "status", "prod") == 0
    assert tap.out == "Stack set tap-prod does not exist. Create it with: tap fleet deploy prod\n"


# -- the file


@pytest.mark.parametrize(("settings", "said"), [
    ({"regions": None}, "[prod] requires regions"),
    ({"accounts": None}, "[prod] requires accounts"),
    ({"organizational_units": [OU]}, "organizational_units requires permission_model SERVICE_MANAGED, but it is SELF"),
    ({"accounts": ["12"]}, 'accounts "12" must be an account id of twelve digits'),
    ({"max_concurrent": 0}, 'max_concurrent must be a number of accounts of at least 1, or a percentage such as "10%"'),
    ({"failure_tolerance": "101%"}, "failure_tolerance must be a number of accounts of at least 0"),
    ({"region_concurency": "PARALLEL"}, "unknown key region_concurency: did you mean region_concurrency?"),
    ({"overrides": [{"parameters": {"Size": "2"}}]}, "overrides must each have parameters, and accounts, regions"),
    ({"overrides": [{"regions": ["eu-north-1"], "parameters": {"Size": "2"}}]},
     "overrides eu-north-1, which is not one of its regions"),
    ({"overrides": [{"regions": [IRELAND], "parameters": {"Size": "big"}}]}, "Size"),
    ({"parameters": {}}, "Environment has no value"),
    ({"parameters": {"Environment": "prod", "Size": "big"},
      "overrides": [{"regions": [IRELAND, FRANKFURT], "parameters": {"Size": "2"}}]}, "Size"),
    ({"parameters": {"Environment": "prod", "Sise": "2"}}, "Sise"),
    ({"template": "tapp"}, 'template "tapp" must be one of tap, bootstrap, catalog'),
])
def test_a_wrong_setting_is_one_line_and_nothing_is_asked(tap: Tap, settings: dict[str, Any], said: str) -> None:
    tap.fleet(**settings)
    assert tap(*DEPLOY) == 2
    assert said in tap.err
    assert len(tap.err.splitlines()) == 1
    assert tap.aws.calls == []


def test_a_fleet_that_the_file_does_not_have_is_told(tap: Tap) -> None:
    assert tap("fleet", "plan", "prot") == 2
    assert "fleet prot does not exist: did you mean prod? parameters/fleet.toml has prod" in tap.err


def test_the_launch_role_is_a_fleets_too(tap: Tap) -> None:
    tap.fleet(template="catalog", parameters={"Portfolio": "false"})
    assert tap(*DEPLOY) == 0
    (_, request), = tap.requests("create_stack_set")
    assert request["Capabilities"] == ["CAPABILITY_NAMED_IAM"]
    assert pairs(request["Parameters"]) == {"Portfolio": "false"}


@pytest.mark.parametrize("name", ["europe", "launch-role"])
def test_the_examples_of_the_committed_file_can_be_planned(
        tap: Tap, root: Path, template: dict[str, Any], name: str) -> None:
    lines = (root / "parameters/fleet.toml").read_text(encoding="utf-8").splitlines()[3:]
    example = "\n".join(line.removeprefix("# ").removeprefix("#").partition("  ")[0] for line in lines)
    (tap.root / "parameters/fleet.toml").write_text(example, encoding="utf-8")
    (tap.root / "parameters/dev.json").write_bytes((root / "parameters/dev.json").read_bytes())
    (tap.root / "parameters/targets.toml").write_text('[default]\nartifact_bucket = "artifacts"\n')
    tap.document = template
    assert tap("fleet", "plan", name) == 0
    assert tap.bucket.objects == {}
    assert tap.out.startswith(f"1. create stack set tap-{name}\n")
