"""The firewall in front of the load balancer."""

from collections.abc import Callable
from typing import Any

import pytest
from stack_view import StackView

from tap.template.resolve import Reference

Deployed = Callable[..., StackView]


@pytest.fixture(scope="module")
def guarded(deployed: Deployed) -> StackView:
    return deployed(Firewall="true", FirewallRateLimit="500")


def rules_of(stack: StackView) -> dict[str, dict[str, Any]]:
    return {rule["Name"]: rule for rule in stack.only("AWS::WAFv2::WebACL")["Rules"]}


def test_switched_off_there_is_no_acl_no_association_and_no_log(deployed: Deployed) -> None:
    stack = deployed(Firewall="false")
    assert not [title for title in stack.resolved.resources if "WAFv2" in stack.type_of(title) or "WebAcl" in title]


def test_it_stands_before_the_load_balancer(guarded: StackView) -> None:
    assert guarded.only("AWS::WAFv2::WebACL")["Scope"] == "REGIONAL"
    assert guarded.only("AWS::WAFv2::WebACLAssociation") == {
        "ResourceArn": Reference("LoadBalancer"), "WebACLArn": Reference("WebAcl", "Arn")}


@pytest.mark.parametrize("group", [
    "AWSManagedRulesCommonRuleSet", "AWSManagedRulesKnownBadInputsRuleSet", "AWSManagedRulesSQLiRuleSet",
    "AWSManagedRulesAmazonIpReputationList"])
def test_it_blocks_by_awss_rules(guarded: StackView, group: str) -> None:
    (rule,) = [rule for rule in rules_of(guarded).values()
               if rule["Statement"].get("ManagedRuleGroupStatement", {}).get("Name") == group]
    assert rule["Statement"]["ManagedRuleGroupStatement"] == {"VendorName": "AWS", "Name": group}
    # Not merely counted.
    assert rule["OverrideAction"] == {"None": {}}


def test_it_blocks_an_address_over_the_parameters_rate(guarded: StackView) -> None:
    rule = rules_of(guarded)["RateLimit"]
    assert rule["Action"] == {"Block": {}}
    assert rule["Statement"] == {"RateBasedStatement": {"Limit": "500", "AggregateKeyType": "IP"}}


def test_every_rule_has_its_own_priority_and_is_measured(guarded: StackView) -> None:
    rules = rules_of(guarded).values()
    assert len({rule["Priority"] for rule in rules}) == len(rules) == 5
    assert all(rule["VisibilityConfig"]["CloudWatchMetricsEnabled"] for rule in rules)


def test_its_rules_fit_the_capacity_that_an_acl_has_by_default() -> None:
    # https://docs.aws.amazon.com/waf/latest/developerguide/aws-managed-rule-groups-list.html
    units = {"CommonRuleSet": 700, "KnownBadInputsRuleSet": 200, "SQLiRuleSet": 200, "AmazonIpReputationList": 25,
             "RateLimit": 2}
    assert sum(units.values()) <= 1500


def test_it_logs_to_a_group_of_the_name_that_waf_asks_for_without_credentials(guarded: StackView) -> None:
    logging = guarded.only("AWS::WAFv2::LoggingConfiguration")
    # By the ACL, since the group of an earlier one of the same stack is kept.
    assert str(guarded.properties("WebAclLogGroup")["LogGroupName"]) == "aws-waf-logs-${WebAcl.Id}"
    assert [str(arn) for arn in logging["LogDestinationConfigs"]] == [
        "arn:aws:logs:us-east-1:123456789012:log-group:${WebAclLogGroup}"]
    redacted = {field["SingleHeader"]["Name"] for field in logging["RedactedFields"]}
    assert redacted == {"authorization", "cookie"}
