"""The migration: a command of a new version that runs before the version's first task starts, if there is one."""

from collections.abc import Mapping, Sequence
from typing import Any

from awacs import awslambda, cloudformation, ecs, iam
from awacs.aws import ArnEquals, Condition, StringEquals
from troposphere import Equals, GetAtt, Not, Parameter, Ref, Sub, Template
from troposphere.awslambda import Code, Function, LoggingConfig
from troposphere.cloudformation import CustomResource
from troposphere.ecs import TaskDefinition

from tap.inline import function_source
from tap.parts import RUNTIME, add_parameter, add_role, allow, only_if, suppress
from tap.tasks import CONTAINER, Tasks


class Migration(CustomResource):
    """A custom resource with a type of its own, by which `tap` knows that it holds no data."""

    resource_type = "Custom::Migration"


def add_migration(t: Template, tasks: Tasks, task_definition: TaskDefinition, needs: Sequence[Any],
                  metadata: Mapping[str, Any]) -> Any:
    """Add a custom resource that runs `MigrationCommand` in a task of each new task definition.

    Return what the service waits for. The task has the roles and the network of the service's; `needs` and the
    references in `metadata` are what it waits for. docs/decisions/migrations.md says why it is no hook of ECS.
    """
    cluster, network = tasks.cluster, tasks.network_configuration.AwsvpcConfiguration
    command = add_parameter(t, "Service", "Migration", Parameter(
        "MigrationCommand", Type="String", Default="", MaxLength=1024,
        Description="Command of the image that migrates the database before a new version's first task starts; empty "
                    "for none. If it fails, the version that runs stays. It runs again wherever the task definition "
                    "changes."))
    migrates = t.add_condition("HasMigration", Not(Equals(command.ref(), "")))
    log_group = tasks.platform.logs.add_group("MigrationLogGroup", Condition=migrates)
    here = "${AWS::Partition}:{service}:${AWS::Region}:${AWS::AccountId}"
    in_ecs, in_lambda = (f"arn:{here.replace('{service}', name)}" for name in ("ecs", "lambda"))
    of_cluster = Condition(ArnEquals({"ecs:cluster": cluster.get_att("Arn")}))
    role = add_role(
        t, "Migration", "lambda.amazonaws.com",
        # Any version's; CloudFormation names the families after the stack.
        allow([ecs.RunTask], Sub(f"{in_ecs}:task-definition/${{AWS::StackName}}-*:*"), condition=of_cluster),
        allow([ecs.DescribeTasks, ecs.StopTask], Sub(f"{in_ecs}:task/${{{cluster.title}}}/*"), condition=of_cluster),
        allow([iam.PassRole], *(role.get_att("Arn") for role in (tasks.execution_role, tasks.task_role)),
              condition=Condition(StringEquals({"iam:PassedToService": "ecs-tasks.amazonaws.com"}))),
        # It hands over to itself before its time is up. It is named after the stack, and does not exist yet.
        allow([awslambda.InvokeFunction], Sub(f"{in_lambda}:function:${{AWS::StackName}}-MigrationFunction-*")),
        allow([cloudformation.DescribeStacks], Ref("AWS::StackId")),
        tasks.platform.logs.write(log_group),
        condition=migrates)
    function = t.add_resource(Function(
        "MigrationFunction", Condition=migrates,
        Runtime=RUNTIME, Architectures=["arm64"], Handler="index.handler", MemorySize=256, Timeout=900,
        Role=role.get_att("Arn"), LoggingConfig=LoggingConfig(LogGroup=log_group.ref()),
        Code=Code(ZipFile=function_source("migration"))))
    suppress(function, {
        "CKV_AWS_115": "Runs once a version", "CKV_AWS_116": "CloudFormation asks again",
        "CKV_AWS_117": "Calls AWS alone"})
    migration = t.add_resource(Migration(
        "Migration", Condition=migrates, DependsOn=list(needs), Metadata=dict(metadata),
        ServiceToken=GetAtt(function, "Arn"), Cluster=cluster.ref(), TaskDefinition=task_definition.ref(),
        Container=CONTAINER, Command=command.ref(), Subnets=network.Subnets,
        SecurityGroups=network.SecurityGroups))
    return only_if(migrates, migration.ref())
