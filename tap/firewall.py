"""The firewall: a web ACL in front of the load balancer, and its log."""

from typing import Any, NamedTuple

from troposphere import Ref, Sub, Template
from troposphere.logs import LogGroup
from troposphere.wafv2 import (
    AllowAction,
    BlockAction,
    DefaultAction,
    LoggingConfiguration,
    LoggingConfigurationFieldToMatch,
    ManagedRuleGroupStatement,
    OverrideAction,
    RateBasedStatement,
    RuleAction,
    SingleHeader,
    Statement,
    VisibilityConfig,
    WebACL,
    WebACLAssociation,
    WebACLRule,
)

from tap.load_balancer import Balancer
from tap.logs import Logs
from tap.parts import add_switch
from tap.whole_numbers import add_whole_number

# https://docs.aws.amazon.com/waf/latest/developerguide/aws-managed-rule-groups-list.html
MANAGED = ["AmazonIpReputationList", "KnownBadInputsRuleSet", "SQLiRuleSet", "CommonRuleSet"]

# The ACL's name in metrics. A fixed name would mix up the metrics of two stacks in a region.
METRIC_NAME = Ref("AWS::StackName")

# Keep the actions of the group's rules. `None` is a keyword in Python.
AS_THE_GROUP_SAYS: dict[str, Any] = {"None": {}}


class Firewall(NamedTuple):
    """The parts of the firewall that other tiers use."""

    acl: WebACL
    condition: str
    log_group: LogGroup

    @property
    def dimensions(self) -> dict[str, Ref | str]:
        """The dimensions of the metrics for all requests that the ACL inspects.

        https://docs.aws.amazon.com/waf/latest/developerguide/waf-metrics.html
        """
        return {"Region": Ref("AWS::Region"), "Rule": "ALL", "WebACL": METRIC_NAME}


def add_firewall(t: Template, logs: Logs, balancer: Balancer) -> Firewall:
    """Add the ACL, its association and its log group, unless the parameter Firewall is false."""
    condition = add_switch(
        t, "Load balancer", "Firewall", "Firewall", "true",
        "Put AWS WAF in front of the load balancer to block attacks, known bad addresses and floods of requests.")
    limit = add_whole_number(
        t, "Load balancer", "Rate limit", "FirewallRateLimit", 2000, 10, 2000000000,
        "Maximum requests per IP address in five minutes; AWS WAF blocks an address above it.")

    def seen_as(metric: str | Ref) -> VisibilityConfig:
        return VisibilityConfig(CloudWatchMetricsEnabled=True, SampledRequestsEnabled=True, MetricName=metric)

    acl = t.add_resource(WebACL(
        "WebAcl", Condition=condition, Scope="REGIONAL", DefaultAction=DefaultAction(Allow=AllowAction()),
        VisibilityConfig=seen_as(METRIC_NAME),
        Rules=[
            WebACLRule(
                Name="RateLimit", Priority=0, Action=RuleAction(Block=BlockAction()),
                Statement=Statement(RateBasedStatement=RateBasedStatement(
                    Limit=limit.ref(), AggregateKeyType="IP")),
                VisibilityConfig=seen_as("RateLimit")),
            *(WebACLRule(
                Name=name, Priority=priority,
                OverrideAction=OverrideAction(**AS_THE_GROUP_SAYS),
                Statement=Statement(ManagedRuleGroupStatement=ManagedRuleGroupStatement(
                    VendorName="AWS", Name=f"AWSManagedRules{name}")),
                VisibilityConfig=seen_as(name)) for priority, name in enumerate(MANAGED, 1))]))
    t.add_resource(WebACLAssociation(
        "WebAclAssociation", Condition=condition, ResourceArn=balancer.load_balancer.ref(),
        WebACLArn=acl.get_att("Arn")))
    # WAF requires this prefix. The log group outlives the stack, so the next ACL gets a new name.
    # https://docs.aws.amazon.com/waf/latest/developerguide/logging-cw-logs.html
    log_group = logs.add_group("WebAclLogGroup", Condition=condition, LogGroupName=Sub("aws-waf-logs-${WebAcl.Id}"))
    t.add_resource(LoggingConfiguration(
        "WebAclLogging", Condition=condition, ResourceArn=acl.get_att("Arn"),
        LogDestinationConfigs=[Sub(
            "arn:${AWS::Partition}:logs:${AWS::Region}:${AWS::AccountId}:log-group:${WebAclLogGroup}")],
        RedactedFields=[
            LoggingConfigurationFieldToMatch(SingleHeader=SingleHeader(Name=name))
            for name in ("authorization", "cookie")]))
    return Firewall(acl, condition, log_group)
