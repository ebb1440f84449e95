"""`tap catalog`: who runs which version, plans and launches, shares, and the stack of the catalog itself."""

import io
import json
from typing import Any

import pytest
from documents import document
from memory_catalog import NOON, PORTFOLIO
from memory_publishing import Tap
from memory_service import LOST, refusal

from tap.cli import main as cli

LAUNCH = ("catalog", "launch", "dev", "--yes")


@pytest.fixture(autouse=True)
def version(tap: Tap) -> str:
    return tap.catalog.add("1.0.0")


def left(tap: Tap) -> list[str]:
    """Which plans are left, beside those that run."""
    return [id_ for id_, plan in tap.catalog.plans.items() if plan["Status"] == "CREATE_SUCCESS"]


def calls(tap: Tap, method: str) -> list[dict[str, Any]]:
    return [request for name, request in tap.catalog.requests if name == method]


# -- status


def test_all_pages_of_who_runs_the_product_are_listed(tap: Tap) -> None:
    for name in ("e", "d", "c", "b", "a"):
        tap.catalog.run(name)
    tap.catalog.run("other", ProductId="prod-another")
    assert tap("catalog", "status", "--json") == 0
    assert [each["name"] for each in document(tap.out, "catalog-status")["provisioned"]] == ["a", "b", "c", "d", "e"]


@pytest.mark.parametrize(("status", "code"), [
    ("AVAILABLE", 0), ("UNDER_CHANGE", 0), ("PLAN_IN_PROGRESS", 0), ("TAINTED", 1), ("ERROR", 1)])
def test_a_tainted_product_counts_as_failed(tap: Tap, status: str, code: int) -> None:
    tap.catalog.run("tap-dev", status, StatusMessage="it rolled back")
    assert tap("catalog", "status") == code
    assert status in tap.out
    assert tap("catalog", "status", "--json") == code
    assert document(tap.out, "catalog-status")["outcome"] == ("failed" if code else "ok")


def test_each_version_is_listed_with_how_many_run_it(tap: Tap) -> None:
    tap.catalog.add("2.0.0", Guidance="DEPRECATED")
    tap.catalog.run("tap-dev")
    tap("catalog", "status")
    lines = [line.split() for line in tap.out.splitlines()]
    assert ["2.0.0", f"{NOON:%Y-%m}-03", "12:00", "deprecated", "0"] in lines
    assert ["1.0.0", f"{NOON:%Y-%m}-02", "12:00", "1"] in lines
    assert any(line[:3] == ["tap-dev", "1.0.0", "AVAILABLE"] for line in lines)


def test_a_look_that_is_lost_is_taken_again(tap: Tap) -> None:
    tap.catalog.run("tap-dev")
    tap.catalog.lose("search_provisioned_products", "before", times=2)
    assert tap("catalog", "status") == 0


# -- plan and launch


def test_a_plan_is_shown_with_all_its_pages_and_deleted_again(tap: Tap) -> None:
    tap.catalog.changes = [{"Action": "ADD", "LogicalResourceId": f"Topic{number}", "ResourceType": "AWS::SNS::Topic"}
                           for number in range(5)]
    assert tap("catalog", "plan", "dev", "--json") == 0
    assert document(tap.out, "catalog-plan")["outcome"] == "changes"
    assert tap("catalog", "plan", "dev") == 0
    assert all(f"Topic{number}" in tap.out for number in range(5))
    assert "5 changes: 5 Add." in tap.out
    assert tap.catalog.plans == {}
    assert calls(tap, "execute_provisioned_product_plan") == []


def test_a_launch_has_the_parameters_and_tags_of_the_environment(tap: Tap) -> None:
    assert tap(*LAUNCH) == 0
    request, = calls(tap, "create_provisioned_product_plan")
    assert request["ProvisioningParameters"] == [
        {"Key": "Size", "Value": "2"}, {"Key": "Environment", "Value": "dev"}]
    assert request["Tags"] == [{"Key": "Owner", "Value": "team-a"}]
    assert (request["ProvisionedProductName"], request["PathId"]) == ("tap-dev", "lpv2-1")
    assert tap.out.endswith("LoadBalancerDNS  lb.example\nLaunched: tap-dev.\n")


def test_what_runs_is_updated_through_a_plan_of_its_own(tap: Tap) -> None:
    tap.catalog.run("tap-dev", "TAINTED")
    tap.catalog.changes = [{"Action": "MODIFY", "LogicalResourceId": "Topic", "ResourceType": "AWS::SNS::Topic",
                            "Replacement": "FALSE", "Scope": ["PROPERTIES"]}]
    assert tap(*LAUNCH) == 0
    assert tap.out.endswith("Updated: tap-dev.\n")


@pytest.fixture
def keeping(tap: Tap) -> Tap:
    """Return the command line over a project that keeps Size."""
    tap.write("parameters/targets.toml", '[dev]\nkeep = ["Size"]\n')
    return tap


def sent(tap: Tap) -> dict[str, str | bool]:
    """The parameters of the plan: a value, or True where the product keeps its own."""
    request, = calls(tap, "create_provisioned_product_plan")
    return {each["Key"]: each.get("Value", each.get("UsePreviousValue")) for each in request["ProvisioningParameters"]}


def test_a_parameter_to_be_kept_keeps_the_value_that_the_product_has(keeping: Tap) -> None:
    keeping.catalog.run("tap-dev")
    keeping.catalog.parameters["pa-1"] = ["Size"]
    assert keeping(*LAUNCH) == 0
    assert sent(keeping) == {"Size": True, "Environment": "dev"}


def test_a_product_that_does_not_exist_yet_takes_the_files_value(keeping: Tap) -> None:
    assert keeping(*LAUNCH) == 0
    assert sent(keeping) == {"Size": "2", "Environment": "dev"}


def test_a_parameter_that_the_products_version_does_not_have_takes_the_files_value(keeping: Tap) -> None:
    keeping.catalog.run("tap-dev")
    keeping.catalog.parameters["pa-1"] = ["Environment"]
    assert keeping(*LAUNCH) == 0
    assert sent(keeping) == {"Size": "2", "Environment": "dev"}


def test_the_newest_version_that_is_not_deprecated_is_launched(tap: Tap, version: str) -> None:
    tap.catalog.add("2.0.0", Guidance="DEPRECATED")
    tap.catalog.add("3.0.0", Active=False)
    tap(*LAUNCH)
    assert calls(tap, "create_provisioned_product_plan")[0]["ProvisioningArtifactId"] == version


@pytest.mark.parametrize(("wanted", "said"), [
    ("9.9.9", "version 9.9.9 does not exist; there are: 1.0.0"), ("3.0.0", "version 3.0.0 is not active")])
def test_a_version_that_nobody_can_launch_is_refused(tap: Tap, wanted: str, said: str) -> None:
    tap.catalog.add("3.0.0", Active=False)
    assert tap(*LAUNCH, "--version", wanted) == 4
    assert said in tap.err


def test_without_an_answer_the_plan_is_deleted(tap: Tap, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(""))
    assert tap("catalog", "launch", "dev") == 3
    assert tap.catalog.plans == {}
    assert tap.catalog.provisioned == []


@pytest.mark.parametrize("approved", [False, True])
def test_what_destroys_data_has_to_be_approved_by_name(tap: Tap, approved: bool) -> None:
    tap.catalog.run("tap-dev")
    tap.catalog.changes = [{"Action": "MODIFY", "LogicalResourceId": "Table", "ResourceType": "AWS::DynamoDB::Table",
                            "Replacement": "TRUE", "Scope": ["PROPERTIES"], "Details": [
                                {"Target": {"Attribute": "PROPERTIES", "Name": "KeySchema",
                                            "RequiresRecreation": "ALWAYS"}, "Evaluation": "STATIC"}]}]
    approve = ("--approve", "Table") if approved else ()
    assert tap(*LAUNCH, *approve) == (0 if approved else 4)
    assert left(tap) == []
    assert bool(calls(tap, "execute_provisioned_product_plan")) is approved


@pytest.mark.parametrize("method", ["create_provisioned_product_plan", "execute_provisioned_product_plan"])
@pytest.mark.parametrize("when", ["before", "after"])
def test_a_lost_answer_launches_nothing_twice(tap: Tap, method: str, when: str) -> None:
    tap.catalog.lose(method, when)
    assert tap(*LAUNCH) == 0
    assert [each["Name"] for each in tap.catalog.provisioned] == ["tap-dev"]
    first, second = calls(tap, method)
    assert first["IdempotencyToken"] == second["IdempotencyToken"]


def test_a_plan_that_runs_although_the_second_try_is_refused_is_left_running(tap: Tap) -> None:
    tap.catalog.faults["execute_provisioned_product_plan"] = [
        ("after", LOST), ("before", refusal("InvalidStateException"))]
    assert tap(*LAUNCH) == 5
    assert [each["Name"] for each in tap.catalog.provisioned] == ["tap-dev"]


def test_a_lost_answer_to_the_deletion_of_a_plan_is_no_error(tap: Tap) -> None:
    tap.catalog.lose("delete_provisioned_product_plan", "after")
    assert tap("catalog", "plan", "dev") == 0
    assert tap.catalog.plans == {}


def test_a_wrong_parameter_is_told_before_anything_is_planned(tap: Tap) -> None:
    assert tap(*LAUNCH, "--parameter", "Sise=2") == 2
    assert "Sise" in tap.err
    assert tap.catalog.calls == []


def test_a_plan_that_service_catalog_refuses_is_told_and_deleted(tap: Tap) -> None:
    tap.catalog.states["plan"] = ["CREATE_IN_PROGRESS", "CREATE_FAILED"]
    tap.catalog.plan_message = "Parameter Size\nmust be 1"
    assert tap(*LAUNCH) == 2
    assert tap.err == "tap: Service Catalog cannot plan this: Parameter Size must be 1\n"
    assert tap.catalog.plans == {}


def test_a_plan_without_changes_is_up_to_date(tap: Tap) -> None:
    tap.catalog.run("tap-dev")
    tap.catalog.states["plan"] = ["CREATE_FAILED"]
    tap.catalog.plan_message = "The submitted information didn't contain changes."
    assert tap(*LAUNCH) == 0
    assert tap.out == "No changes: tap-dev is up to date.\n"
    assert tap.catalog.plans == {}


def test_a_plan_that_could_not_be_deleted_is_named(tap: Tap) -> None:
    tap.catalog.states["plan"] = ["CREATE_FAILED"]
    tap.catalog.faults["delete_provisioned_product_plan"] = [("before", refusal("AccessDeniedException"))]
    tap(*LAUNCH)
    assert f"plan {left(tap)[0]} may be left behind" in tap.err


@pytest.mark.parametrize("command", ["plan", "launch"])
def test_a_plan_that_may_have_been_made_when_it_was_interrupted_is_named(tap: Tap, command: str) -> None:
    tap.catalog.faults["create_provisioned_product_plan"] = [("after", KeyboardInterrupt())]
    assert tap("catalog", command, "dev") == 130
    assert f"plan {next(iter(tap.catalog.plans.values()))['PlanName']} may still exist" in tap.err


@pytest.mark.parametrize("error", [refusal("AccessDeniedException"), refusal("ExpiredTokenException"),
                                   KeyboardInterrupt()], ids=["denied", "expired", "Ctrl-C"])
def test_a_plan_that_was_only_to_be_shown_and_stays_is_named(tap: Tap, error: BaseException) -> None:
    tap.catalog.faults["delete_provisioned_product_plan"] = [("before", error)]
    tap("catalog", "plan", "dev")
    assert f"aws servicecatalog delete-provisioned-product-plan --plan-id {left(tap)[0]}" in tap.err


@pytest.mark.parametrize("code", ["AccessDeniedException", "ExpiredTokenException", "ValidationException"])
def test_a_plan_whose_execution_is_refused_is_deleted(tap: Tap, code: str) -> None:
    tap.catalog.faults["execute_provisioned_product_plan"] = [("before", refusal(code))]
    assert tap(*LAUNCH) in (1, 2)
    assert tap.catalog.plans == {}


def test_a_plan_of_which_nothing_can_be_known_any_more_is_told(tap: Tap) -> None:
    expired = [("before", refusal("ExpiredTokenException"))]

    def expire() -> None:
        tap.catalog.faults |= {"execute_provisioned_product_plan": expired * 9,
                               "describe_provisioned_product_plan": expired * 9}

    tap.catalog.hooks["execute_provisioned_product_plan"] = expire
    assert tap(*LAUNCH) == 2
    assert "ExpiredTokenException" in tap.err
    assert "tap catalog status" in tap.err


def test_a_launch_that_was_interrupted_as_it_began_names_the_plan(tap: Tap) -> None:
    tap.catalog.faults["execute_provisioned_product_plan"] = [("before", KeyboardInterrupt())]
    assert tap(*LAUNCH) == 5
    assert f"plan {left(tap)[0]} may be left behind" in tap.err


@pytest.mark.parametrize(("status", "code"), [("UNDER_CHANGE", 5), ("PLAN_IN_PROGRESS", 4), ("ERROR", 6)])
def test_a_product_that_takes_no_plan_is_left_alone(tap: Tap, status: str, code: int) -> None:
    tap.catalog.run("tap-dev", status)
    assert tap(*LAUNCH) == code
    assert calls(tap, "create_provisioned_product_plan") == []


def test_a_launch_that_fails_says_why(tap: Tap) -> None:
    tap.catalog.errors = [{"Code": "INTERNAL", "Description": "no\n capacity"}]
    assert tap(*LAUNCH) == 1
    assert tap.err == "tap: tap-dev failed: no capacity\n"


def test_a_launch_that_ends_tainted_has_failed(tap: Tap) -> None:
    tap.catalog.ends = "TAINTED"
    assert tap(*LAUNCH) == 1
    assert "tap-dev is TAINTED and not as planned" in tap.err


def test_a_launch_goes_on_when_nobody_watches(tap: Tap) -> None:
    tap.catalog.faults["describe_record"] = [("before", KeyboardInterrupt())]
    assert tap(*LAUNCH) == 5
    assert "Service Catalog continues; follow it with: tap catalog status" in tap.err


def test_a_service_catalog_that_falls_silent_is_left_after_some_minutes(tap: Tap) -> None:
    def wait_in_vain() -> None:
        tap.slept += 60
        tap.catalog.hooks["describe_record"] = wait_in_vain

    tap.catalog.lose("describe_record", "before", times=500)
    tap.catalog.hooks["describe_record"] = wait_in_vain
    assert tap(*LAUNCH) == 5
    assert 300 < tap.slept < 450


def test_a_bucket_with_other_braces_than_those_that_are_filled_in_is_refused(tap: Tap) -> None:
    tap.write("parameters/catalog.toml", 'artifact_bucket = "artifacts-{acount}"\n')
    assert tap(*LAUNCH) == 2
    assert 'artifact_bucket "artifacts-{acount}" must be the name of a bucket' in tap.err


def test_who_has_no_path_to_the_product_is_told_whom_to_ask(tap: Tap) -> None:
    tap.catalog.paths = []
    assert tap(*LAUNCH) == 4
    assert "no portfolio gives you access to this product" in tap.err


def test_of_several_paths_one_has_to_be_chosen(tap: Tap) -> None:
    tap.catalog.paths.append({"Id": "lpv2-2", "Name": "Others"})
    assert tap(*LAUNCH) == 2
    assert "lpv2-1 (Payments), lpv2-2 (Others)" in tap.err
    assert tap(*LAUNCH, "--path", "lpv2-2") == 0


# -- the form


def test_the_form_is_written_to_a_file(tap: Tap) -> None:
    assert cli.main(["catalog", "form", "-o", str(tap.root / "form.html")]) == 0
    assert (tap.root / "form.html").read_text().startswith("<!doctype html>")


# -- sharing


def test_the_portfolio_is_shared_with_what_it_is_not_shared_with_yet(tap: Tap) -> None:
    nodes = ["111111111111", "ou-abcd-12345678", "o-abcdefghij"]
    tap.write("parameters/catalog.toml", f"share_with = {json.dumps(nodes)}\n")
    tap.catalog.shares["111111111111"] = "ACCOUNT"
    assert tap("catalog", "share", "--yes") == 0
    assert tap.catalog.shares == {
        "111111111111": "ACCOUNT", "ou-abcd-12345678": "ORGANIZATIONAL_UNIT", "o-abcdefghij": "ORGANIZATION"}
    assert tap.out == "Shared with o-abcdefghij, ou-abcd-12345678.\n"
    assert {each["PortfolioId"] for each in calls(tap, "create_portfolio_share")} == {PORTFOLIO}
    assert not any(each.get("SharePrincipals") for each in calls(tap, "create_portfolio_share"))


def test_a_share_that_fails_for_some_accounts_has_failed(tap: Tap) -> None:
    tap.write("parameters/catalog.toml", 'share_with = ["ou-abcd-12345678"]\n')
    tap.catalog.share_states = ["IN_PROGRESS", "ERROR"]
    assert tap("catalog", "share", "--yes") == 1
    assert "cannot share the portfolio with all of ou-abcd-12345678: 111111111111: no access" in tap.err


def test_who_cannot_share_with_an_organisation_is_told_who_can(tap: Tap) -> None:
    tap.write("parameters/catalog.toml", 'share_with = ["o-abcdefghij"]\n')
    tap.catalog.faults["create_portfolio_share"] = [("before", refusal("OperationNotSupportedException"))]
    assert tap("catalog", "share", "--yes") == 1
    assert "management account" in tap.err


# -- the catalog's own stack


def given(tap: Tap) -> dict[str, str]:
    made, = tap.aws.change_sets.values()
    return {each["ParameterKey"]: each["ParameterValue"] for each in made.parameters}


def test_a_new_catalogs_first_version_is_what_would_be_published(tap: Tap) -> None:
    tap.aws.stacks.clear()
    assert tap("catalog", "deploy", "--yes") == 0
    key, = tap.bucket.objects
    assert given(tap)["TemplateUrl"].endswith(f".amazonaws.com/{key}")
    assert given(tap)["FirstVersion"] == "1.1.0"
    assert given(tap)["FirstVersionDescription"].endswith(f"Template: sha256:{key}")
    assert tap.aws.stacks["catalog-tap"].status == "CREATE_COMPLETE"


def test_a_catalog_that_is_there_keeps_its_first_version(tap: Tap) -> None:
    first = {"TemplateUrl": "https://bucket/old", "FirstVersion": "0.1.0", "FirstVersionDescription": "Old"}
    tap.aws.stacks["catalog-tap"].parameters = [
        {"ParameterKey": key, "ParameterValue": value} for key, value in first.items()]
    tap.write("parameters/catalog.toml", '[parameters]\nEndUserRole = "team-*"\n')
    assert tap("catalog", "deploy", "--yes") == 0
    assert given(tap) == {**first, "EndUserRole": "team-*"}
    assert tap.bucket.objects == {}


def test_an_account_that_the_portfolio_is_shared_with_needs_no_version(tap: Tap) -> None:
    tap.aws.stacks.clear()
    tap.write("parameters/catalog.toml", '[parameters]\nPortfolio = "false"\n')
    assert tap("catalog", "deploy", "--yes") == 0
    assert given(tap) == {"Portfolio": "false"}


def test_a_wrong_parameter_of_the_catalog_is_told_before_anything_is_made(tap: Tap) -> None:
    tap.write("parameters/catalog.toml", '[parameters]\nPortfolio = "false"\nEndUserRole = "*"\n')
    assert tap("catalog", "deploy", "--yes") == 2
    assert "EndUserRole" in tap.err
    assert tap.aws.change_sets == {}


def test_a_catalog_is_not_deployed_without_an_answer(tap: Tap, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(""))
    assert tap("catalog", "deploy") == 3
    assert tap.aws.executed == []


@pytest.mark.parametrize("method", ["create_change_set", "describe_change_set"])
def test_a_catalog_that_is_interrupted_before_it_is_deployed_is_as_it_was(tap: Tap, method: str) -> None:
    tap.aws.stacks.clear()
    tap.aws.faults[method] = [("after", KeyboardInterrupt())]
    assert tap("catalog", "deploy", "--yes") == 3
    assert tap.err == "tap: interrupted before anything was applied\n"
    assert tap.aws.stacks == {}


def test_a_catalog_that_is_left_running_is_followed_with_a_command_that_there_is(tap: Tap) -> None:
    tap.aws.stacks.clear()
    tap.aws.faults["execute_change_set"] = [("after", KeyboardInterrupt())]
    assert tap("catalog", "deploy", "--yes") == 5
    assert "tap watch" not in tap.err
    assert "aws cloudformation describe-stack-events --stack-name catalog-tap" in tap.err
