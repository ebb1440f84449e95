"""Combinations of parameters that must not be, refused before anything is created.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/rules-section-structure.html
"""

from typing import Any

from troposphere import Equals, Not, Ref, Template

PRODUCTION = "prod"


def add_rules(t: Template) -> None:
    """Add the template's rules."""
    is_production = Equals(Ref("Environment"), PRODUCTION)
    _add_rule(t, "ProductionHasCertificate", is_production, Not(Equals(Ref("CertificateArn"), "")),
              "prod needs a CertificateArn: money does not travel over plain HTTP")
    _add_rule(t, "ProductionKeepsAssets", is_production, Equals(Ref("EmptyAssetsBucketOnDelete"), "false"),
              "prod needs EmptyAssetsBucketOnDelete=false")
    _add_rule(t, "TasksReachAws", Equals(Ref("NatGateways"), "none"),
              Equals(Ref("InterfaceEndpoints"), "true"),
              "NatGateways=none needs InterfaceEndpoints=true, or no task could start")


def _add_rule(t: Template, title: str, when: Any, assertion: Any, description: str) -> None:
    t.add_rule(title, {
        "RuleCondition": when, "Assertions": [{"Assert": assertion, "AssertDescription": description}]})
