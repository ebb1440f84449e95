"""The migration: a command of a new version that runs before its first task starts, if there is one."""

from awacs import cloudformation, ecs
from troposphere import GetAtt, Ref, Template
from troposphere.awslambda import Code, Function, LoggingConfig, Permission
from troposphere.cloudformation import CustomResource

from tap.inline import function_source
from tap.parts import RUNTIME, add_role, allow, only_if, suppress
from tap.tasks import CONTAINER, Tasks, add_command


class Migration(CustomResource):
    """A custom resource with a type of its own, by which `tap` knows that it holds no data."""

    resource_type = "Custom::Migration"


def add_migration(t: Template, tasks: Tasks) -> Tasks:
    """Add a custom resource that runs `MigrationCommand` in a task of each new version.

    Return the tasks, which wait for it. docs/decisions/migrations.md says why it is not a lifecycle hook of ECS.
    """
    command, condition = add_command(
        t, "Service", "Migration", "Migration",
        "Command of a new version that runs before its first task starts, such as a migration of the database. If it "
        "fails, the deployment does, and the old version keeps serving")
    definition = tasks.define("MigrationTaskDefinition", "migration", {"Command": command}, Condition=condition)
    log_group = tasks.platform.logs.add_group("MigrationLogGroup", Condition=condition)
    role = add_role(
        t, "Migration", "lambda.amazonaws.com", *tasks.run(),
        allow([ecs.DescribeTasks, ecs.StopTask], tasks.tasks_arn(), condition=tasks.in_cluster()),
        allow([cloudformation.DescribeStacks], Ref("AWS::StackId")),
        tasks.platform.logs.write(log_group),
        condition=condition)
    function = t.add_resource(Function(
        "MigrationFunction", Condition=condition,
        Runtime=RUNTIME, Architectures=["arm64"], Handler="index.handler", MemorySize=256, Timeout=900,
        Role=role.get_att("Arn"), LoggingConfig=LoggingConfig(LogGroup=log_group.ref()),
        Code=Code(ZipFile=function_source("migration"))))
    suppress(function, {
        "CKV_AWS_115": "Runs once a version", "CKV_AWS_116": "CloudFormation asks again",
        "CKV_AWS_117": "Calls AWS alone"})
    # It invokes itself before its time is up. A statement of its role would have to name it before it exists.
    itself = t.add_resource(Permission(
        "MigrationPermission", Condition=condition, FunctionName=function.ref(), Action="lambda:InvokeFunction",
        Principal=role.get_att("Arn")))
    network = tasks.network_configuration.AwsvpcConfiguration
    migration = t.add_resource(Migration(
        "Migration", Condition=condition, **tasks.after(itself),
        ServiceToken=GetAtt(function, "Arn"), Cluster=tasks.cluster.ref(), TaskDefinition=definition.ref(),
        Container=CONTAINER, Subnets=network.Subnets, SecurityGroups=network.SecurityGroups))
    return tasks._replace(migration=(only_if(condition, migration.ref()),))

