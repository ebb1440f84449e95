"""The service's deployment configuration: strategy, bake time, circuit breaker and alarms that roll back."""

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

# CloudFormation waits at most 36 hours for a service and rejects bake times that leave less than three of them. LINEAR
# bakes four times: after each of three steps and at the end.
MAX_BAKE_MINUTES = 33 * 60 // 4
TEST_HEADER = "X-Test-Traffic"


class Deployment(NamedTuple):
    """The service's properties for deployments."""

    configuration: DeploymentConfiguration
    balancing: Any
    """Advanced configuration to shift traffic; `AWS::NoValue` for ROLLING."""


def add_deployment(t: Template, balancer: Balancer, choice: Alternate, health: Health) -> Deployment:
    """Add the listener rules and the role that strategies other than ROLLING require; return the configuration.

    https://docs.aws.amazon.com/AmazonECS/latest/developerguide/alb-resources-for-blue-green.html
    """
    alternate, has_alternate, is_shifting, strategy = choice
    bake = add_whole_number(
        t, "Deployment", "Bake time", "DeploymentBakeMinutes", 10, 0, MAX_BAKE_MINUTES,
        "Minutes to watch the deployment alarms after each step and to keep the old tasks after the last. Ignored for "
        "ROLLING. Alarms take about five minutes to trigger.")
    is_canary = t.add_condition("IsCanary", Equals(strategy.ref(), "CANARY"))
    is_linear = t.add_condition("IsLinear", Equals(strategy.ref(), "LINEAR"))

    def add_listener_rule(title: str, priority: int, condition: Condition) -> ListenerRule:
        # ECS changes the weights, so both rules need both groups.
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
        # The Describe actions of Elastic Load Balancing support no resources.
        allow([elasticloadbalancing.DescribeListeners, elasticloadbalancing.DescribeRules,
               elasticloadbalancing.DescribeTargetGroups, elasticloadbalancing.DescribeTargetHealth], "*"),
        allow([elasticloadbalancing.ModifyRule], test.ref(), production.ref()),
        allow([elasticloadbalancing.RegisterTargets, elasticloadbalancing.DeregisterTargets],
              balancer.target_group.ref(), alternate.ref()),
        condition=has_alternate)
    return Deployment(
        DeploymentConfiguration(
            Strategy=If(is_shifting, strategy.ref(), "ROLLING"), MinimumHealthyPercent=100, MaximumPercent=200,
            # The API reference limits it to rolling deployments, but ECS also applies it to the others, as the
            # acceptance tests canaryDeployment_withFailure and blueGreenDeployment_withCircuitBreaker show. Without it,
            # a bad image would block the stack until CloudFormation times out, after up to 36 hours.
            # https://github.com/hashicorp/terraform-provider-aws/blob/main/internal/service/ecs/service_test.go
            DeploymentCircuitBreaker=DeploymentCircuitBreaker(Enable=True, Rollback=True),
            # With ROLLING, a bake time would raise CloudFormation's timeout to 36 hours.
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
