"""Permissions of `tap` to plan, deploy, watch, inspect and delete stacks.

The execution role creates the resources: the deployer may pass it to CloudFormation only.
"""

from typing import Any

from awacs import acm, ce, cloudformation, ec2, ecr, ecs, elasticloadbalancing, iam, logs, rds, s3, sns
from awacs import awslambda as functions
from awacs import servicequotas as quotas
from awacs.aws import ArnLike, Condition, Statement, StringEquals
from troposphere import Sub

from tap.parts import allow

_HERE = "${AWS::Region}:${AWS::AccountId}"
# Actions on stacks for planning, none of which changes a resource.
_PLANNING = (
    "CreateChangeSet", "DeleteChangeSet", "DescribeChangeSet", "DescribeEvents", "DescribeStackEvents",
    "DescribeStacks", "GetStackPolicy", "GetTemplate", "ListChangeSets", "ListStackResources", "TagResource",
    "UntagResource")
_DEPLOYING = (
    "ContinueUpdateRollback", "DeleteStack", "DescribeStackResource", "DescribeStackResourceDrifts",
    "DetectStackDrift", "ExecuteChangeSet", "RollbackStack", "SetStackPolicy",
    "UpdateTerminationProtection")


def planner(prefix: str, bucket_arn: Any, execution_role_arn: Any, plans: str, variables: str) -> list[Statement]:
    """Return the permissions of `tap plan` for stacks whose names begin with `prefix`.

    They execute nothing, delete no stack, and write to the bucket only under `plans`: a job that plans a pull request
    runs its code, which must not replace what a deployment reads.
    """
    return [
        _of_stacks(prefix, *_PLANNING),
        # These actions do not support stacks as resources.
        allow([cloudformation.ListExports, cloudformation.ListImports], "*"),
        # The running engine version, since minor upgrades are automatic.
        allow([rds.DescribeDBClusters], Sub(f"arn:${{AWS::Partition}}:rds:{_HERE}:cluster:{prefix}*")),
        allow([rds.DescribeDBInstances], Sub(f"arn:${{AWS::Partition}}:rds:{_HERE}:db:{prefix}*")),
        allow([iam.PassRole], execution_role_arn,
              condition=Condition(StringEquals({"iam:PassedToService": "cloudformation.amazonaws.com"}))),
        # Current traffic weights, before listener rules change. These actions do not support resources.
        allow([elasticloadbalancing.DescribeRules], "*"),
        # Templates that are too large for a request.
        allow([s3.ListBucket], bucket_arn),
        allow([s3.GetObject, s3.PutObject], Sub(f"${{Bucket}}/{plans}*", Bucket=bucket_arn)),
        # The deployed variables, to compare with.
        allow([s3.GetObject], Sub(f"${{Bucket}}/{variables}*", Bucket=bucket_arn)),
    ]


def deployer(prefix: str, bucket_arn: Any, execution_role_arn: Any, plans: str, variables: str) -> list[Statement]:
    """Return the permissions of the role that runs `tap` for stacks whose names begin with `prefix`.

    tests/bootstrap/ compares them with the requests that `tap/deploy/` makes.
    """
    return [
        *planner(prefix, bucket_arn, execution_role_arn, plans, variables),
        allow([s3.GetObject, s3.PutObject], Sub("${Bucket}/*", Bucket=bucket_arn)),
        _of_stacks(prefix, *_DEPLOYING),
        # These actions do not support stacks as resources; a template summary involves no stack.
        allow([cloudformation.DescribeAccountLimits, cloudformation.DescribeStackDriftDetectionStatus,
               cloudformation.GetTemplateSummary, quotas.GetServiceQuota], "*"),
        # `tap doctor` checks that MonthlyBudget can count; actions on cost allocation tags support no resources.
        allow([ce.ListCostAllocationTags], "*"),
        # `tap doctor` checks an existing VPC, which another account may share; only DescribeVpcAttribute supports
        # resources.
        allow([ec2.DescribeFlowLogs, ec2.DescribeRouteTables, ec2.DescribeSubnets, ec2.DescribeVpcEndpoints], "*"),
        allow([ec2.DescribeVpcAttribute], Sub("arn:${AWS::Partition}:ec2:${AWS::Region}:*:vpc/*")),
        # `tap doctor` checks the alarms' subscriptions, and the certificate of the CDN.
        allow([sns.GetSubscriptionAttributes, sns.ListSubscriptionsByTopic],
              Sub(f"arn:${{AWS::Partition}}:sns:{_HERE}:{prefix}*")),
        allow([acm.DescribeCertificate], Sub("arn:${AWS::Partition}:acm:us-east-1:${AWS::AccountId}:certificate/*")),
        # `tap doctor` checks that they exist.
        allow([iam.GetRole], execution_role_arn,
              Sub("arn:${AWS::Partition}:iam::${AWS::AccountId}:role/aws-service-role/*")),
        # Whether a bucket is empty, before a deletion, and why an operation failed.
        allow([s3.ListBucketVersions], Sub(f"arn:${{AWS::Partition}}:s3:::{prefix}*")),
        # The running image, the previous one, and the state of tasks.
        allow([ecs.DescribeServiceRevisions, ecs.DescribeServices, ecs.DescribeTasks, ecs.ListServiceDeployments],
              Sub(f"arn:${{AWS::Partition}}:ecs:{_HERE}:service-revision/{prefix}*"),
              Sub(f"arn:${{AWS::Partition}}:ecs:{_HERE}:service/{prefix}*"),
              Sub(f"arn:${{AWS::Partition}}:ecs:{_HERE}:task/{prefix}*")),
        allow([ecs.ListTasks], "*", condition=Condition(ArnLike({
            "ecs:cluster": Sub(f"arn:${{AWS::Partition}}:ecs:{_HERE}:cluster/{prefix}*")}))),
        allow([ecs.DescribeTaskDefinition], "*"),
        # Whether an image exists, and its digest; the repository may be in another account.
        allow([ecr.DescribeImages], Sub("arn:${AWS::Partition}:ecr:${AWS::Region}:*:repository/*")),
        allow([functions.GetFunctionConfiguration],
              Sub(f"arn:${{AWS::Partition}}:lambda:{_HERE}:function:{prefix}*")),
        allow([logs.DescribeLogStreams, logs.FilterLogEvents, logs.GetLogEvents],
              Sub(f"arn:${{AWS::Partition}}:logs:{_HERE}:log-group:{prefix}*")),
    ]


def _of_stacks(prefix: str, *actions: str) -> Statement:
    return allow([cloudformation.Action(name) for name in actions],
                 Sub(f"arn:${{AWS::Partition}}:cloudformation:{_HERE}:stack/{prefix}*"))
