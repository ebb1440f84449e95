"""The service tier: an ECS service on Fargate behind the load balancer, with auto scaling."""

from typing import NamedTuple

from troposphere import AWSHelperFn, Equals, Not, Template
from troposphere.applicationautoscaling import (
    PredefinedMetricSpecification,
    ScalingPolicy,
    TargetTrackingScalingPolicyConfiguration,
)
from troposphere.ecs import Cluster, ForceNewDeployment, HealthCheck, LoadBalancer, PortMapping, Service
from troposphere.logs import LogGroup

from tap.deployment import Deployment
from tap.load_balancer import Balancer
from tap.network import connect
from tap.parts import only_if
from tap.scaling import add_scaling
from tap.tasks import CONTAINER, Tasks
from tap.whole_numbers import add_whole_number


class WebService(NamedTuple):
    """The parts of the service that other tiers use."""

    cluster: Cluster
    service: Service
    log_group: LogGroup

    @property
    def dimensions(self) -> dict[str, AWSHelperFn]:
        """The dimensions of the service's metrics."""
        return {"ClusterName": self.cluster.ref(), "ServiceName": self.service.get_att("Name")}


def add_service(t: Template, tasks: Tasks, balancer: Balancer, deployment: Deployment) -> WebService:
    """Add the service, its task definition and its scaling."""
    health_command = tasks.settings["health_command"]
    has_health_command = t.add_condition("HasHealthCommand", Not(Equals(health_command.ref(), "")))
    task_definition = tasks.define("TaskDefinition", "web-app", {
        "PortMappings": [PortMapping(ContainerPort=balancer.port)],
        "HealthCheck": only_if(has_health_command, HealthCheck(
            Command=["CMD-SHELL", health_command.ref()], Interval=30, Timeout=5, Retries=3, StartPeriod=60))})
    requests = connect(t, balancer.security_group, tasks.security_group, balancer.port, "Requests")
    capacity = tasks.settings["capacity"]
    service = t.add_resource(Service(
        # ECS refuses a target group that no listener forwards to.
        "Service", **tasks.after(balancer.http_listener, *requests, if_present=[balancer.https_listener]),
        Cluster=tasks.cluster.ref(), TaskDefinition=task_definition.ref(),
        CapacityProviderStrategy=tasks.strategy,
        # ECS changes the strategy only with a new deployment, which a changed nonce makes CloudFormation request.
        # https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_UpdateService.html
        # https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-properties-ecs-service-forcenewdeployment.html
        ForceNewDeployment=ForceNewDeployment(EnableForceNewDeployment=True, ForceNewDeploymentNonce=capacity.ref()),
        # No DesiredCount: an update would reset the count that auto scaling has set.
        DeploymentConfiguration=deployment.configuration, AvailabilityZoneRebalancing="ENABLED",
        HealthCheckGracePeriodSeconds=60,
        LoadBalancers=[LoadBalancer(
            ContainerName=CONTAINER, ContainerPort=balancer.port,
            TargetGroupArn=balancer.target_group.ref(), AdvancedConfiguration=deployment.balancing)],
        NetworkConfiguration=tasks.network_configuration,
        PropagateTags="SERVICE"))
    _add_scaling(t, tasks, service)
    return WebService(tasks.cluster, service, tasks.log_group)


def _add_scaling(t: Template, tasks: Tasks, service: Service) -> None:
    least = add_whole_number(
        t, "Service", "Minimum tasks", "MinTasks", 2, 1, 1000, "Minimum number of tasks.")
    most = add_whole_number(
        t, "Service", "Maximum tasks", "MaxTasks", 10, 1, 1000, "Maximum number of tasks; at least MinTasks.")
    target = add_scaling(t, "ServiceScaling", tasks.cluster, service, tasks.hours, (least.ref(), most.ref()))
    for resource in ("CPU", "Memory"):
        t.add_resource(ScalingPolicy(
            f"Service{resource.capitalize()}Scaling", PolicyName=resource.lower(),
            PolicyType="TargetTrackingScaling", ScalingTargetId=target.ref(),
            TargetTrackingScalingPolicyConfiguration=TargetTrackingScalingPolicyConfiguration(
                PredefinedMetricSpecification=PredefinedMetricSpecification(
                    PredefinedMetricType=f"ECSServiceAverage{resource}Utilization"),
                TargetValue=70, ScaleInCooldown=60, ScaleOutCooldown=60)))
