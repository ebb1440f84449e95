"""The service tier: an ECS service on Fargate behind the load balancer, and its scaling."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from awacs import awslambda, ecr, xray
from awacs.aws import Statement
from troposphere import (
    AWSHelperFn,
    Equals,
    If,
    Not,
    Parameter,
    Ref,
    Select,
    Split,
    Sub,
    Template,
)
from troposphere.applicationautoscaling import (
    PredefinedMetricSpecification,
    ScalableTarget,
    ScalableTargetAction,
    ScalingPolicy,
    ScheduledAction,
    TargetTrackingScalingPolicyConfiguration,
)
from troposphere.ec2 import SecurityGroupEgress
from troposphere.ecs import (
    AwsvpcConfiguration,
    CapacityProviderStrategyItem,
    Cluster,
    ClusterSetting,
    ContainerDefinition,
    Environment,
    ForceNewDeployment,
    HealthCheck,
    KernelCapabilities,
    LinuxParameters,
    LoadBalancer,
    LogConfiguration,
    NetworkConfiguration,
    PortMapping,
    RuntimePlatform,
    Secret,
    Service,
    TaskDefinition,
    Tmpfs,
)
from troposphere.iam import Role
from troposphere.logs import LogGroup

from tap.assets import Assets
from tap.database import PORT as DATABASE_PORT
from tap.database import Database
from tap.deployment import Deployment
from tap.existing_vpc import IDS_BY_PARAMETER
from tap.load_balancer import Balancer
from tap.logs import Logs
from tap.network import ANYWHERE, Network, add_security_group, connect
from tap.parts import SLEEPS, add_parameter, add_role, allow, of_this_account, only_if
from tap.sessions import Sessions
from tap.validation import Validation
from tap.whole_numbers import add_whole_number

CONTAINER = "WebApp"
# Seconds for a task to end in once no request comes any more.
STOPPING = 30
# CPU units and MiB that Fargate offers together, of each CPU the least, a middle and the most memory:
# https://docs.aws.amazon.com/AmazonECS/latest/developerguide/fargate-tasks-services.html
TASK_SIZES = [
    "256/512", "256/1024", "256/2048", "512/1024", "512/2048", "512/4096", "1024/2048", "1024/4096",
    "1024/8192", "2048/4096", "2048/8192", "2048/16384", "4096/8192", "4096/16384", "4096/30720"]


class Given(NamedTuple):
    """What a tier gives the task: variables of its container, and statements of its role."""

    variables: Mapping[str, AWSHelperFn | str]
    statements: Sequence[Statement]


class WebService(NamedTuple):
    """What the other tiers may use of the service."""

    cluster: Cluster
    service: Service
    log_group: LogGroup

    @property
    def dimensions(self) -> dict[str, AWSHelperFn]:
        """The dimensions of the service's metrics."""
        return {"ClusterName": self.cluster.ref(), "ServiceName": self.service.get_att("Name")}


def add_service(
        t: Template, logs: Logs, network: Network, database: Database, sessions: Sessions, assets: Assets,
        balancer: Balancer, validation: Validation, deployment: Deployment, *given: Given) -> WebService:
    """Add the cluster, the task definition with its roles, the service and its scaling.

    `given` is what further tiers give the task, for which this module need not know them.
    """
    cluster = t.add_resource(Cluster(
        "Cluster",
        # Named here and not in an association of its own, so that whoever refers to the cluster has them.
        CapacityProviders=["FARGATE", "FARGATE_SPOT"],
        ClusterSettings=[ClusterSetting(Name="containerInsights", Value="enabled")]))
    log_group = logs.add_group("ServiceLogGroup")
    # Pulls the image and reads the secret, before the container starts.
    execution_role = add_role(
        t, "TaskExecution", "ecs-tasks.amazonaws.com",
        # GetAuthorizationToken has no resource to name.
        allow([ecr.GetAuthorizationToken], "*"),
        # The image is a parameter: its repository may be in any account or region.
        allow([ecr.BatchCheckLayerAvailability, ecr.BatchGetImage, ecr.GetDownloadUrlForLayer],
              Sub("arn:${AWS::Partition}:ecr:*:*:repository/*")),
        *database.read_secret(), logs.write(log_group), trust_condition=of_this_account())
    # What the application itself may do; it reads the secret again after a rotation.
    task_role = add_role(
        t, "Task", "ecs-tasks.amazonaws.com",
        *sessions.read_write(), *assets.read(), *database.read_secret(), database.connect(),
        allow([awslambda.InvokeFunction], validation.alias.ref()),
        # One trace leads from the load balancer through a task to the function. Traces have no resource to name.
        allow([xray.PutTelemetryRecords, xray.PutTraceSegments], "*"),
        *(statement for tier in given for statement in tier.statements), trust_condition=of_this_account())
    task_definition = _add_task_definition(
        t, log_group, execution_role, task_role, balancer.port, database, environment={
            "DB_HOST": database.cluster.get_att("Endpoint.Address"),
            "DB_NAME": database.name,
            "DB_PORT": str(DATABASE_PORT),
            "DB_SECRET_ARN": database.secret_arn,
            "DYNAMODB_TABLE": sessions.table.ref(),
            "ENVIRONMENT": Ref("Environment"),
            "PORT": balancer.port,
            "S3_BUCKET": assets.bucket.ref(),
            "VALIDATION_FUNCTION": validation.alias.ref(),
            **{name: value for tier in given for name, value in tier.variables.items()},
        })

    security_group = add_security_group(t, "Service", network.vpc, "Tasks")
    connections = [
        *connect(t, balancer.security_group, security_group, balancer.port, "Requests"),
        *connect(t, security_group, database.security_group, DATABASE_PORT, "PostgreSQL"),
        t.add_resource(SecurityGroupEgress(
            "ServiceToAwsEgress", GroupId=security_group.get_att("GroupId"), Description="AWS over HTTPS",
            IpProtocol="tcp", FromPort=443, ToPort=443, CidrIp=ANYWHERE)),
    ]

    capacity = add_parameter(t, "Service", "Capacity", Parameter(
        "TaskCapacity", Type="String", Default="mixed", AllowedValues=["on-demand", "mixed", "spot"],
        Description="mixed runs the first task and every other one on demand, the rest on Spot, which is cheaper and "
                    "interruptible. A change deploys the service."))
    service = t.add_resource(Service(
        "Service",
        # ECS refuses a target group that no listener forwards to; tasks want their ways in and out, and
        # their database.
        DependsOn=[balancer.http_listener, database.writer, *connections],
        # DependsOn takes no condition, a reference in the metadata does: the listener and the ways out
        # that this environment has.
        Metadata={
            **IDS_BY_PARAMETER,
            "WaitsFor": [balancer.https_listener, network.private_routing, *network.ways_out]},
        Cluster=cluster.ref(), TaskDefinition=task_definition.ref(),
        CapacityProviderStrategy=_capacity_strategy(t, capacity),
        # ECS takes another strategy only with a new deployment, and the nonce has CloudFormation ask for one.
        # https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_UpdateService.html
        # https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-properties-ecs-service-forcenewdeployment.html
        ForceNewDeployment=ForceNewDeployment(EnableForceNewDeployment=True, ForceNewDeploymentNonce=capacity.ref()),
        # No DesiredCount: an update would undo what the scaling has set.
        DeploymentConfiguration=deployment.configuration, AvailabilityZoneRebalancing="ENABLED",
        HealthCheckGracePeriodSeconds=60,
        LoadBalancers=[LoadBalancer(
            ContainerName=CONTAINER, ContainerPort=balancer.port,
            TargetGroupArn=balancer.target_group.ref(), AdvancedConfiguration=deployment.balancing)],
        NetworkConfiguration=NetworkConfiguration(AwsvpcConfiguration=AwsvpcConfiguration(
            AssignPublicIp="DISABLED", SecurityGroups=[security_group.get_att("GroupId")],
            Subnets=network.private_subnets)),
        PropagateTags="SERVICE"))
    _add_scaling(t, cluster, service)
    return WebService(cluster, service, log_group)


def _add_task_definition(
        t: Template, log_group: LogGroup, execution_role: Role, task_role: Role, port: AWSHelperFn,
        database: Database, environment: dict[str, AWSHelperFn | str]) -> TaskDefinition:
    image = add_parameter(t, "Service", "Image", Parameter(
        "ContainerImage", Type="String", Default="public.ecr.aws/nginx/nginx-unprivileged:stable",
        AllowedPattern=r"[a-z0-9-]+(\.[a-z0-9-]+)+(:\d+)?(/[a-z0-9._-]+)+(:[A-Za-z0-9_.-]{1,128})?(@sha256:[0-9a-f]{64})?",
        ConstraintDescription="must be an image with its registry, in lower case",
        Description="Image with its registry; the default shows a welcome page."))
    architecture = add_parameter(t, "Service", "Processor", Parameter(
        "CpuArchitecture", Type="String", Default="ARM64", AllowedValues=["ARM64", "X86_64"],
        Description="Processor the image is built for."))
    size = add_parameter(t, "Service", "Task size", Parameter(
        "TaskSize", Type="String", Default="512/1024", AllowedValues=TASK_SIZES,
        Description="CPU units and MiB of memory; 1024 units are one vCPU."))
    cpu, memory = (Select(place, Split("/", size.ref())) for place in (0, 1))
    health_command = add_parameter(t, "Service", "Health command", Parameter(
        "ContainerHealthCommand", Type="String", Default="curl -fsS localhost:$PORT || exit 1",
        MaxLength=1024,
        Description="Shell command that exits 0 in a healthy container; empty for none."))
    user = add_parameter(t, "Service", "User", Parameter(
        "ContainerUser", Type="String", Default="101", AllowedPattern=r"[1-9][0-9]{0,9}(:[0-9]{1,10})?",
        ConstraintDescription="must be the number of a user that is not root, such as 101 or 101:101",
        Description="User, by number, that the container runs as; the default image's is 101."))
    has_health_command = t.add_condition("HasHealthCommand", Not(Equals(health_command.ref(), "")))
    return t.add_resource(TaskDefinition(
        "TaskDefinition", RequiresCompatibilities=["FARGATE"], NetworkMode="awsvpc",
        Cpu=cpu, Memory=memory,
        RuntimePlatform=RuntimePlatform(CpuArchitecture=architecture.ref(), OperatingSystemFamily="LINUX"),
        ExecutionRoleArn=execution_role.get_att("Arn"), TaskRoleArn=task_role.get_att("Arn"),
        ContainerDefinitions=[ContainerDefinition(
            Name=CONTAINER, Image=image.ref(),
            PortMappings=[PortMapping(ContainerPort=port)],
            User=user.ref(), Privileged=False, ReadonlyRootFilesystem=True, Memory=memory, StopTimeout=STOPPING,
            LinuxParameters=LinuxParameters(
                InitProcessEnabled=True, Capabilities=KernelCapabilities(Drop=["ALL"]),
                # The one place to write to, whoever the user is.
                Tmpfs=[Tmpfs(ContainerPath="/tmp", Size=64, MountOptions=["noexec", "nosuid", "nodev"])]),  # noqa: S108
            Environment=[Environment(Name=key, Value=value) for key, value in sorted(environment.items())],
            Secrets=[
                Secret(Name=f"DB_{field.upper()}", ValueFrom=Sub(
                    f"${{{database.cluster.title}.MasterUserSecret.SecretArn}}:{field}::"))
                for field in ("username", "password")],
            HealthCheck=only_if(has_health_command, HealthCheck(
                Command=["CMD-SHELL", health_command.ref()],
                Interval=30, Timeout=5, Retries=3, StartPeriod=60)),
            LogConfiguration=LogConfiguration(LogDriver="awslogs", Options={
                "awslogs-group": log_group.ref(), "awslogs-region": Ref("AWS::Region"),
                "awslogs-stream-prefix": "web-app"}))]))


def _capacity_strategy(t: Template, capacity: Parameter) -> list[CapacityProviderStrategyItem]:
    is_on_demand = t.add_condition("IsOnDemand", Equals(capacity.ref(), "on-demand"))
    is_spot = t.add_condition("IsSpot", Equals(capacity.ref(), "spot"))
    return [
        CapacityProviderStrategyItem(
            CapacityProvider="FARGATE", Base=If(is_spot, 0, 1), Weight=If(is_spot, 0, 1)),
        CapacityProviderStrategyItem(CapacityProvider="FARGATE_SPOT", Weight=If(is_on_demand, 0, 1)),
    ]


def _add_scaling(t: Template, cluster: Cluster, service: Service) -> None:
    least = add_whole_number(
        t, "Service", "Minimum tasks", "MinTasks", 2, 1, 1000, "Minimum number of tasks.")
    most = add_whole_number(
        t, "Service", "Maximum tasks", "MaxTasks", 10, 1, 1000, "Maximum number of tasks; not below MinTasks.")
    sleep, wake = (add_parameter(t, "Service", label, Parameter(
        title, Type="String", Default="", AllowedPattern=r"(cron\([0-9A-Z ,*/?#-]{11,80}\))?",
        ConstraintDescription="must be a schedule such as cron(0 20 ? * MON-FRI *), or empty",
        Description=f"When, by UTC, the service {what}; empty for never."))
        for title, label, what in (
            ("SleepSchedule", "Sleep", "stops all its tasks"), ("WakeSchedule", "Wake", "starts them again")))
    sleeps = t.add_condition(SLEEPS, Not(Equals(sleep.ref(), "")))
    target = t.add_resource(ScalableTarget(
        "ServiceScaling", ServiceNamespace="ecs", ScalableDimension="ecs:service:DesiredCount",
        # No role: Application Auto Scaling uses, and makes, its service-linked role.
        ResourceId=Sub(f"service/${{{cluster.title}}}/${{{service.title}.Name}}"),
        MinCapacity=least.ref(), MaxCapacity=most.ref(),
        ScheduledActions=only_if(sleeps, [
            ScheduledAction(
                ScheduledActionName=name, Schedule=schedule.ref(),
                ScalableTargetAction=ScalableTargetAction(MinCapacity=fewest, MaxCapacity=greatest))
            for name, schedule, fewest, greatest in (
                ("sleep", sleep, 0, 0), ("wake", wake, least.ref(), most.ref()))])))
    for resource in ("CPU", "Memory"):
        t.add_resource(ScalingPolicy(
            f"Service{resource.capitalize()}Scaling", PolicyName=resource.lower(),
            PolicyType="TargetTrackingScaling", ScalingTargetId=target.ref(),
            TargetTrackingScalingPolicyConfiguration=TargetTrackingScalingPolicyConfiguration(
                PredefinedMetricSpecification=PredefinedMetricSpecification(
                    PredefinedMetricType=f"ECSServiceAverage{resource}Utilization"),
                TargetValue=70, ScaleInCooldown=60, ScaleOutCooldown=60)))
