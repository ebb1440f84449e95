"""The tasks tier: what all tasks of the application share, for requests or background work.

That is the cluster, the image, variables and secrets, two roles, the network and the log group.
"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from awacs import awslambda, ecr, ecs, iam, xray
from awacs.aws import ArnEquals, Condition, Statement, StringEquals
from troposphere import AWSHelperFn, Equals, If, Not, Parameter, Ref, Select, Split, Sub, Template
from troposphere.ec2 import SecurityGroup, SecurityGroupEgress
from troposphere.ecs import (
    AwsvpcConfiguration,
    CapacityProviderStrategyItem,
    Cluster,
    ClusterSetting,
    ContainerDefinition,
    Environment,
    KernelCapabilities,
    LinuxParameters,
    LogConfiguration,
    NetworkConfiguration,
    RuntimePlatform,
    Secret,
    TaskDefinition,
    Tmpfs,
)
from troposphere.iam import Role
from troposphere.logs import LogGroup

from tap.alerts import Alerts
from tap.assets import Assets
from tap.database import PORT as DATABASE_PORT
from tap.database import Database
from tap.existing_vpc import IDS_BY_PARAMETER
from tap.inputs import add_inputs, read_secret, secret_variable
from tap.keys import Keys
from tap.logs import Logs
from tap.network import ANYWHERE, Network, add_security_group, connect
from tap.parts import add_parameter, add_role, allow, of_this_account, only_if
from tap.scaling import Hours, add_hours
from tap.sessions import Sessions
from tap.validation import Validation

CONTAINER = "WebApp"
COMMAND = r"([!-~]+( [!-~]+)*)?"
# Seconds for a task to stop after it has been deregistered.
STOPPING = 30
_HERE = "arn:${AWS::Partition}:ecs:${AWS::Region}:${AWS::AccountId}"
# Combinations of CPU units and MiB that Fargate supports: the minimum, a medium and the maximum memory of each CPU
# size:
# https://docs.aws.amazon.com/AmazonECS/latest/developerguide/fargate-tasks-services.html
TASK_SIZES = [
    "256/512", "256/1024", "256/2048", "512/1024", "512/2048", "512/4096", "1024/2048", "1024/4096",
    "1024/8192", "2048/4096", "2048/8192", "2048/16384", "4096/8192", "4096/16384", "4096/30720"]


class Platform(NamedTuple):
    """The tiers that the application may use."""

    keys: Keys
    logs: Logs
    alerts: Alerts
    network: Network
    database: Database
    sessions: Sessions
    assets: Assets
    validation: Validation


class AppSecret(NamedTuple):
    """A Secrets Manager secret in this account and region, whose keys become variables of the same name."""

    arn: Any
    """Full ARN, including the six characters at its end."""
    keys: Sequence[str]


class Given(NamedTuple):
    """What the application, or another tier, adds to every task."""

    variables: Mapping[str, Any] = {}
    """Variables of the container; a value may be a reference to a resource."""
    statements: Sequence[Statement | If] = ()
    """Policy statements of the task role."""
    secrets: Sequence[AppSecret] = ()
    condition: str | None = None
    """The condition for variables and statements, if any."""


class Tasks(NamedTuple):
    """What all tasks share, and a method to define further tasks."""

    template: Template
    platform: Platform
    cluster: Cluster
    execution_role: Role
    task_role: Role
    security_group: SecurityGroup
    ways: tuple[Any, ...]
    """Security group rules for tasks to reach the database and AWS."""
    log_group: LogGroup
    environment: list[Any]
    environment_files: Any
    secrets: list[Any]
    settings: Mapping[str, Parameter]
    """Image, processor, size, health command, user and capacity."""
    strategy: list[CapacityProviderStrategyItem]
    hours: Hours
    migration: tuple[AWSHelperFn, ...] = ()
    """What a new version waits for before its first task starts."""

    def define(
            self, title: str, stream: str, container: Mapping[str, Any], **attributes: Any) -> TaskDefinition:
        """Add a task definition with the application's image; return it.

        `stream` is the prefix of its log streams, `container` what its container has of its own, such as Command.
        """
        cpu, memory = (Select(place, Split("/", self.settings["size"].ref())) for place in (0, 1))
        return self.template.add_resource(TaskDefinition(
            title, RequiresCompatibilities=["FARGATE"], NetworkMode="awsvpc", Cpu=cpu, Memory=memory,
            RuntimePlatform=RuntimePlatform(
                CpuArchitecture=self.settings["architecture"].ref(), OperatingSystemFamily="LINUX"),
            ExecutionRoleArn=self.execution_role.get_att("Arn"), TaskRoleArn=self.task_role.get_att("Arn"),
            ContainerDefinitions=[ContainerDefinition(
                Name=CONTAINER, Image=self.settings["image"].ref(), **container,
                User=self.settings["user"].ref(), Privileged=False, ReadonlyRootFilesystem=True, Memory=memory,
                StopTimeout=STOPPING,
                LinuxParameters=LinuxParameters(
                    InitProcessEnabled=True, Capabilities=KernelCapabilities(Drop=["ALL"]),
                    # The only writable path, for any user.
                    Tmpfs=[Tmpfs(ContainerPath="/tmp", Size=64, MountOptions=["noexec", "nosuid", "nodev"])]),  # noqa: S108
                Environment=self.environment, EnvironmentFiles=self.environment_files, Secrets=self.secrets,
                LogConfiguration=LogConfiguration(LogDriver="awslogs", Options={
                    "awslogs-group": self.log_group.ref(), "awslogs-region": Ref("AWS::Region"),
                    "awslogs-stream-prefix": stream}))], **attributes))

    def after(self, *needs: Any, if_present: Sequence[Any] = ()) -> dict[str, Any]:
        """Return the attributes by which a resource waits for what every task needs, and for more.

        DependsOn takes no condition, a reference in the metadata does: `if_present` is what not every environment has.
        """
        network = self.platform.network
        return {
            "DependsOn": [*needs, self.platform.database.writer, *self.ways],
            "Metadata": {**IDS_BY_PARAMETER, "WaitsFor": [
                *if_present, network.private_routing, *network.ways_out, *self.migration]}}

    def run(self) -> list[Statement]:
        """Return the permissions to run a task, in any revision, since a policy that names one takes time to apply."""
        return [
            # CloudFormation names the families after the stack.
            allow([ecs.RunTask], Sub(f"{_HERE}:task-definition/${{AWS::StackName}}-*:*"), condition=self.in_cluster()),
            # Whoever tags tasks at their start needs this as well.
            # https://docs.aws.amazon.com/AmazonECS/latest/developerguide/supported-iam-actions-tagging.html
            allow([ecs.TagResource], self.tasks_arn(), condition=Condition(
                StringEquals({"ecs:CreateAction": "RunTask"}))),
            allow([iam.PassRole], *(role.get_att("Arn") for role in (self.execution_role, self.task_role)),
                  condition=Condition(StringEquals({"iam:PassedToService": "ecs-tasks.amazonaws.com"})))]

    def tasks_arn(self) -> Sub:
        """Return the ARN of all tasks of the cluster."""
        return Sub(f"{_HERE}:task/${{{self.cluster.title}}}/*")

    def in_cluster(self) -> Condition:
        """Return the condition that a request is about the stack's cluster."""
        return Condition(ArnEquals({"ecs:cluster": self.cluster.get_att("Arn")}))

    @property
    def network_configuration(self) -> NetworkConfiguration:
        """The network configuration: private subnets."""
        return NetworkConfiguration(AwsvpcConfiguration=AwsvpcConfiguration(
            AssignPublicIp="DISABLED", SecurityGroups=[self.security_group.get_att("GroupId")],
            Subnets=self.platform.network.private_subnets))


def add_tasks(t: Template, platform: Platform, port: AWSHelperFn, *given: Given) -> Tasks:
    """Add the cluster and the tasks' roles, security group and log group, and declare the tasks' parameters.

    `given` is what the application and further tiers give them, for which this module need not know them.
    """
    _, logs, _, network, database, sessions, assets, validation = platform
    cluster = t.add_resource(Cluster(
        "Cluster",
        # Set here and not in a separate association, so that resources that refer to the cluster wait for them.
        CapacityProviders=["FARGATE", "FARGATE_SPOT"],
        ClusterSettings=[ClusterSetting(Name="containerInsights", Value="enabled")]))
    log_group = logs.add_group("ServiceLogGroup")
    inputs = add_inputs(t)
    settings = _add_settings(t)
    app_secrets = [secret for each in given for secret in each.secrets]
    # Pulls the image and reads variables and secrets before the container starts.
    execution_role = add_role(
        t, "TaskExecution", "ecs-tasks.amazonaws.com",
        # GetAuthorizationToken supports no resources.
        allow([ecr.GetAuthorizationToken], "*"),
        # The image is a parameter: its repository may be in any account or region.
        allow([ecr.BatchCheckLayerAvailability, ecr.BatchGetImage, ecr.GetDownloadUrlForLayer],
              Sub("arn:${AWS::Partition}:ecr:*:*:repository/*")),
        *database.read_secret(), logs.write(log_group), *inputs.execution,
        *(statement for secret in app_secrets for statement in read_secret(secret.arn)),
        trust_condition=of_this_account())
    # The application's own permissions; it reads the database's secret again after a rotation.
    task_role = add_role(
        t, "Task", "ecs-tasks.amazonaws.com",
        *sessions.read_write(), *assets.read(), *database.read_secret(), database.connect(),
        allow([awslambda.InvokeFunction], validation.alias.ref()),
        # Traces connect load balancer, task and function. X-Ray actions support no resources.
        allow([xray.PutTelemetryRecords, xray.PutTraceSegments], "*"),
        *(_where(each, statement) for each in given for statement in each.statements),
        trust_condition=of_this_account())
    task_role.ManagedPolicyArns = [*task_role.ManagedPolicyArns, *inputs.task_policies]
    variables = {
        "DB_HOST": database.cluster.get_att("Endpoint.Address"),
        "DB_NAME": database.name,
        "DB_PORT": str(DATABASE_PORT),
        "DB_SECRET_ARN": database.secret_arn,
        "DYNAMODB_TABLE": sessions.table.ref(),
        "ENVIRONMENT": Ref("Environment"),
        "PORT": port,
        "S3_BUCKET": assets.bucket.ref(),
        "VALIDATION_FUNCTION": validation.alias.ref(),
    }
    for name, value in (pair for each in given for pair in each.variables.items()):
        if name in variables:
            raise ValueError(f"two tiers set the variable {name}: choose another name")
        variables[name] = value
    conditions = {name: each for each in given for name in each.variables}
    security_group = add_security_group(t, "Service", network.vpc, "Tasks")
    ways = (
        *connect(t, security_group, database.security_group, DATABASE_PORT, "PostgreSQL"),
        t.add_resource(SecurityGroupEgress(
            "ServiceToAwsEgress", GroupId=security_group.get_att("GroupId"), Description="AWS over HTTPS",
            IpProtocol="tcp", FromPort=443, ToPort=443, CidrIp=ANYWHERE)),
    )
    return Tasks(
        t, platform, cluster, execution_role, task_role, security_group, ways, log_group,
        environment=[_where(conditions.get(name), Environment(Name=name, Value=value))
                     for name, value in sorted(variables.items())],
        # What `Environment` says takes precedence over the file.
        # https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_EnvironmentFile.html
        environment_files=inputs.environment_files,
        secrets=[
            *(Secret(Name=f"DB_{field.upper()}", ValueFrom=Sub(
                f"${{{database.cluster.title}.MasterUserSecret.SecretArn}}:{field}::"))
              for field in ("username", "password")),
            *(secret_variable(secret.arn, key) for secret in app_secrets for key in secret.keys),
            *inputs.secrets],
        settings=settings, strategy=_capacity_strategy(t, settings["capacity"]), hours=add_hours(t))


def add_command(t: Template, group: str, label: str, name: str, description: str) -> tuple[Split, str]:
    """Declare `<name>Command`; return its words, and the condition `Has<name>` that there is one."""
    command = add_parameter(t, group, label, Parameter(
        f"{name}Command", Type="String", Default="", AllowedPattern=COMMAND, MaxLength=1024,
        ConstraintDescription="must be words separated by single spaces, or empty",
        Description=f"{description}: words separated by single spaces, run without a shell. Empty for none."))
    return Split(" ", command.ref()), t.add_condition(f"Has{name}", Not(Equals(command.ref(), "")))


def _where(given: Given | None, value: Any) -> Any:
    return only_if(given.condition, value) if given and given.condition else value


def _add_settings(t: Template) -> dict[str, Parameter]:
    return {
        "image": add_parameter(t, "Service", "Image", Parameter(
            "ContainerImage", Type="String", Default="public.ecr.aws/nginx/nginx-unprivileged:stable",
            AllowedPattern=(r"[a-z0-9-]+(\.[a-z0-9-]+)+(:\d+)?(/[a-z0-9._-]+)+(:[A-Za-z0-9_.-]{1,128})?"
                            r"(@sha256:[0-9a-f]{64})?"),
            ConstraintDescription="must be a lowercase image name with its registry",
            Description="Container image, including its registry. The default image shows a welcome page.")),
        "architecture": add_parameter(t, "Service", "Processor", Parameter(
            "CpuArchitecture", Type="String", Default="ARM64", AllowedValues=["ARM64", "X86_64"],
            Description="Processor architecture that the image is built for.")),
        "size": add_parameter(t, "Service", "Task size", Parameter(
            "TaskSize", Type="String", Default="512/1024", AllowedValues=TASK_SIZES,
            Description="CPU units and MiB of memory per task. 1024 units are one vCPU.")),
        "health_command": add_parameter(t, "Service", "Health command", Parameter(
            "ContainerHealthCommand", Type="String", Default="curl -fsS localhost:$PORT || exit 1", MaxLength=1024,
            Description="Shell command that exits 0 in a healthy container; empty for none.")),
        "user": add_parameter(t, "Service", "User", Parameter(
            "ContainerUser", Type="String", Default="101", AllowedPattern=r"[1-9][0-9]{0,9}(:[0-9]{1,10})?",
            ConstraintDescription="must be the numeric id of a user other than root, such as 101 or 101:101",
            Description="Numeric id of the user that the container runs as; 101 for the default image.")),
        "capacity": add_parameter(t, "Service", "Capacity", Parameter(
            "TaskCapacity", Type="String", Default="mixed", AllowedValues=["on-demand", "mixed", "spot"],
            Description="mixed runs the first task and every second one on demand, the others on Spot, which is "
                        "cheaper but can be interrupted. A change starts a deployment.")),
    }


def _capacity_strategy(t: Template, capacity: Parameter) -> list[CapacityProviderStrategyItem]:
    is_on_demand = t.add_condition("IsOnDemand", Equals(capacity.ref(), "on-demand"))
    is_spot = t.add_condition("IsSpot", Equals(capacity.ref(), "spot"))
    return [
        CapacityProviderStrategyItem(
            CapacityProvider="FARGATE", Base=If(is_spot, 0, 1), Weight=If(is_spot, 0, 1)),
        CapacityProviderStrategyItem(CapacityProvider="FARGATE_SPOT", Weight=If(is_on_demand, 0, 1)),
    ]
