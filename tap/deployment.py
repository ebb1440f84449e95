"""How a new version of the service takes over from the old: all at once or by steps, and what undoes it."""

from typing import Any, NamedTuple

from awacs import elasticloadbalancing
from troposphere import Equals, If, Template
from troposphere.ecs import (
    AdvancedConfiguration,
    CanaryConfiguration,
    DeploymentAlarms,
    DeploymentCircuitBreaker,
    DeploymentConfiguration,
    LinearConfiguration,
)
from troposphere.elasticloadbalancingv2 import (
    Condition,
    ForwardConfig,
    HttpHeaderConfig,
    ListenerRule,
    ListenerRuleAction,
    PathPatternConfig,
    TargetGroupTuple,
)

from tap.health import Health
from tap.load_balancer import Balancer
from tap.parts import add_role, allow, only_if
from tap.strategy import Alternate
from tap.whole_numbers import add_whole_number

# CloudFormation waits 36 hours for a service at most, and refuses bake times that leave it less than three of them.
# LINEAR bakes four times: after each of three steps, and at the end.
MAX_BAKE_MINUTES = 33 * 60 // 4
TEST_HEADER = "X-Test-Traffic"


class Deployment(NamedTuple):
    """What the service needs to be deployed."""

    configuration: DeploymentConfiguration
    balancing: Any
    """How traffic is shifted; absent where all tasks are replaced in turn."""


def add_deployment(t: Template, balancer: Balancer, choice: Alternate, health: Health) -> Deployment:
    """Add what a strategy that shifts traffic takes besides the second target group.

    https://docs.aws.amazon.com/AmazonECS/latest/developerguide/alb-resources-for-blue-green.html
    """
    alternate, has_alternate, is_shifting, strategy = choice
    bake = add_whole_number(
        t, "Deployment", "Bake time", "DeploymentBakeMinutes", 10, 0, MAX_BAKE_MINUTES,
        "Minutes that the deployment alarms watch each step, and that the old tasks stay available after the last; "
        "not for ROLLING. Alarms need about five minutes to ring.")
    is_canary = t.add_condition("IsCanary", Equals(strategy.ref(), "CANARY"))
    is_linear = t.add_condition("IsLinear", Equals(strategy.ref(), "LINEAR"))

    def add_listener_rule(title: str, priority: int, condition: Condition) -> ListenerRule:
        # ECS moves the weights, and then sees both groups in both rules.
        return t.add_resource(ListenerRule(
            title, Condition=has_alternate, ListenerArn=balancer.production_listener, Priority=priority,
            Conditions=[condition],
            Actions=[ListenerRuleAction(Type="forward", ForwardConfig=ForwardConfig(TargetGroups=[
                TargetGroupTuple(TargetGroupArn=group.ref(), Weight=weight)
                for group, weight in ((balancer.target_group, 1), (alternate, 0))]))]))

    test = add_listener_rule("TestRule", 1, Condition(
        Field="http-header", HttpHeaderConfig=HttpHeaderConfig(HttpHeaderName=TEST_HEADER, Values=["true"])))
    production = add_listener_rule("ProductionRule", 2, Condition(
        Field="path-pattern", PathPatternConfig=PathPatternConfig(Values=["/*"])))
    role = add_role(
        t, "Deployment", "ecs.amazonaws.com",
        # Elastic Load Balancing describes all or nothing.
        allow([elasticloadbalancing.DescribeListeners, elasticloadbalancing.DescribeRules,
               elasticloadbalancing.DescribeTargetGroups, elasticloadbalancing.DescribeTargetHealth], "*"),
        allow([elasticloadbalancing.ModifyRule], test.ref(), production.ref()),
        allow([elasticloadbalancing.RegisterTargets, elasticloadbalancing.DeregisterTargets],
              balancer.target_group.ref(), alternate.ref()),
        condition=has_alternate)
    return Deployment(
        DeploymentConfiguration(
            Strategy=If(is_shifting, strategy.ref(), "ROLLING"), MinimumHealthyPercent=100, MaximumPercent=200,
            # The API reference says that it is for rolling deployments. ECS honours it for the others too, as
            # the acceptance tests canaryDeployment_withFailure and blueGreenDeployment_withCircuitBreaker show, and
            # without it a bad image would hang until CloudFormation gives up, after up to 36 hours.
            # https://github.com/hashicorp/terraform-provider-aws/blob/main/internal/service/ecs/service_test.go
            DeploymentCircuitBreaker=DeploymentCircuitBreaker(Enable=True, Rollback=True),
            # With ROLLING, a bake time would stretch CloudFormation's patience to 36 hours.
            # https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DeploymentConfiguration.html
            BakeTimeInMinutes=only_if(is_shifting, bake.ref()),
            CanaryConfiguration=only_if(is_canary, CanaryConfiguration(
                CanaryPercent=10, CanaryBakeTimeInMinutes=bake.ref())),
            LinearConfiguration=only_if(is_linear, LinearConfiguration(
                StepPercent=25, StepBakeTimeInMinutes=bake.ref())),
            Alarms=DeploymentAlarms(
                AlarmNames=list(health.guards), Enable=True, Rollback=True)),
        only_if(has_alternate, AdvancedConfiguration(
            AlternateTargetGroupArn=alternate.ref(), ProductionListenerRule=production.ref(),
            TestListenerRule=test.ref(), RoleArn=role.get_att("Arn"))))
