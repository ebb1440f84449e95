"""The catalog's template: what is in it, and what it shares with the product's."""

import json
from typing import Any

import pytest
from cfnlint.api import lint
from cfnlint.config import ManualArgs
from stack_view import ROOT

from tap.deploy.constraints import violation
from tap.deploy.rules import violations
from tap.permissions import MANAGED_POLICY_LIMIT, size
from tap.publishing.template import build, constraint_rules
from tap.template.render import to_text
from tap.template.resolve import resolve

URL = "https://bucket.s3.eu-central-1.amazonaws.com/key"


@pytest.fixture(scope="module")
def catalog() -> dict[str, Any]:
    document: dict[str, Any] = build().to_dict()
    return document


def resources(catalog: dict[str, Any], **parameters: str) -> dict[str, Any]:
    return dict(resolve(catalog, {"TemplateUrl": URL, **parameters}).resources)


def kinds(catalog: dict[str, Any], **parameters: str) -> set[str]:
    return {each["Type"] for each in resources(catalog, **parameters).values()}


def test_the_committed_template_is_what_is_built() -> None:
    assert (ROOT / "templates/service-catalog.yaml").read_text(encoding="utf-8") == to_text(build())


def test_cfn_lint_and_the_wiring_rules_find_nothing() -> None:
    assert lint(to_text(build()), config=ManualArgs(append_rules=["tap.wiring"])) == []


def test_an_account_that_the_portfolio_is_shared_with_gets_the_launch_role_alone(catalog: dict[str, Any]) -> None:
    assert kinds(catalog, Portfolio="false") == {"AWS::IAM::Role", "AWS::IAM::ManagedPolicy"}


def test_nobody_may_launch_until_a_role_is_named(catalog: dict[str, Any]) -> None:
    assert "AWS::ServiceCatalog::PortfolioPrincipalAssociation" not in kinds(catalog)
    named = resources(catalog, EndUserRole="team-*")["EndUsers"]["Properties"]
    assert named["PrincipalARN"].endswith(":iam:::role/team-*")


@pytest.mark.parametrize("role", ["*", "?*", "a*", "**team"])
def test_a_pattern_that_is_almost_everybody_is_refused(catalog: dict[str, Any], role: str) -> None:
    assert violation("EndUserRole", role, catalog["Parameters"]["EndUserRole"], "a file")


def test_a_product_needs_the_template_of_its_first_version(catalog: dict[str, Any]) -> None:
    assert [text.partition(":")[0] for text in violations(catalog, {})] == ["Portfolio=true requires TemplateUrl"]
    assert violations(catalog, {"Portfolio": "false"}) == violations(catalog, {"TemplateUrl": URL}) == []


def test_an_update_of_the_product_keeps_the_ids_of_its_versions(catalog: dict[str, Any]) -> None:
    assert resources(catalog)["Product"]["Properties"]["ReplaceProvisioningArtifacts"] is False


def test_what_provisioned_products_need_outlives_the_stack(catalog: dict[str, Any]) -> None:
    kept = {title for title, each in catalog["Resources"].items()
            if each.get("DeletionPolicy") == "RetainExceptOnCreate" and each.get("UpdateReplacePolicy") == "Retain"}
    policies = {title for title, each in catalog["Resources"].items() if each["Type"] == "AWS::IAM::ManagedPolicy"}
    assert kept == {"Product", "ProductPortfolio", "LaunchRole", *policies}


def test_the_constraint_has_each_rule_of_the_product_as_the_product_has_it(
        catalog: dict[str, Any], template: dict[str, Any]) -> None:
    rules = json.loads(catalog["Resources"]["TemplateConstraint"]["Properties"]["Rules"])
    assert {f"Launch{title}": rule for title, rule in template["Rules"].items()}.items() <= rules.items()
    assert not template["Rules"].keys() & rules.keys()


def test_the_constraint_refuses_what_the_products_rules_refuse(template: dict[str, Any]) -> None:
    constrained = {**template, "Rules": json.loads(constraint_rules(template))}
    given = {"Protected": "true", "NatGateways": "none", "InterfaceEndpoints": "false",
             "PermissionsBoundary": "catalog/launch-tap-boundary"}
    assert violations(constrained, given) == violations(template, given)
    assert len(violations(constrained, given)) == 3


def test_the_constraint_refuses_a_tag_that_the_launch_role_could_not_work_with(template: dict[str, Any]) -> None:
    constrained = {**template, "Rules": json.loads(constraint_rules(template))}
    found = violations(constrained, {
        "Environment": "dev", "Application": "another", "PermissionsBoundary": "catalog/launch-tap-boundary"})
    assert found == ["Application must be transaction-processing: the launch role's permissions depend on this tag"]


def test_a_product_whose_roles_take_a_boundary_has_to_be_given_it() -> None:
    product = {"Parameters": {"PermissionsBoundary": {"Type": "String", "Default": ""}}, "Resources": {}}
    product["Rules"] = json.loads(constraint_rules(product))
    assert violations(product, {}) == ["PermissionsBoundary must be the catalog's output LaunchBoundary"]
    assert violations(product, {"PermissionsBoundary": "arn"}) == []


def test_each_policy_is_within_the_size_of_a_managed_policy(catalog: dict[str, Any]) -> None:
    sizes = {title: size(each["Properties"]["PolicyDocument"]) for title, each in catalog["Resources"].items()
             if each["Type"] == "AWS::IAM::ManagedPolicy"}
    assert len(sizes) <= 10
    assert {title for title, each in sizes.items() if each > MANAGED_POLICY_LIMIT} == set()


def test_the_launch_roles_rights_on_stacks_are_on_those_of_provisioned_products(catalog: dict[str, Any]) -> None:
    statements = [each for resource in catalog["Resources"].values() if resource["Type"] == "AWS::IAM::ManagedPolicy"
                  for each in resource["Properties"]["PolicyDocument"]["Statement"]]
    found = [each for each in statements if "cloudformation:CreateStack" in each.get("Action", [])]
    assert len(found) == 1
    assert all(":stack/SC-*" in text["Fn::Sub"] or ":changeSet/SC-*" in text["Fn::Sub"]
               for text in found[0]["Resource"])


@pytest.mark.parametrize("name", ["SC-launch", "tap-launch", "", "a" * 56])
def test_a_launch_role_whose_rights_would_reach_itself_is_refused(catalog: dict[str, Any], name: str) -> None:
    assert violation("LaunchRoleName", name, catalog["Parameters"]["LaunchRoleName"], "a file")


def test_the_policies_are_out_of_the_reach_of_roles_that_make_stacks(catalog: dict[str, Any]) -> None:
    paths = {each["Properties"]["Path"] for each in catalog["Resources"].values()
             if each["Type"] == "AWS::IAM::ManagedPolicy"}
    assert paths == {"/catalog/"}


def test_users_choose_a_classification(catalog: dict[str, Any]) -> None:
    options = [each["Properties"] for each in resources(catalog).values()
               if each["Type"] == "AWS::ServiceCatalog::TagOption"]
    assert {each["Key"] for each in options} == {"DataClassification"}
    assert [each["Value"] for each in options] == ["internal", "confidential", "restricted"]


def test_constraints_wait_until_the_product_is_in_the_portfolio(catalog: dict[str, Any]) -> None:
    constraints = [each for each in catalog["Resources"].values() if each["Type"].endswith("Constraint")]
    assert len(constraints) == 3
    assert all("ProductInPortfolio" in each["DependsOn"] for each in constraints)


def test_every_parameter_is_described_and_labelled(catalog: dict[str, Any]) -> None:
    labels = catalog["Metadata"]["AWS::CloudFormation::Interface"]["ParameterLabels"]
    assert labels.keys() == catalog["Parameters"].keys()
    assert all(each["Description"].endswith(".") for each in catalog["Parameters"].values())
