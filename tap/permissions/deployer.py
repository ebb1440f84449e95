"""What `tap` needs of AWS while it plans, deploys, watches, examines and deletes the stacks of an account.

Making the resources is the execution role's, which this one hands to CloudFormation and to nobody else.
"""

from typing import Any

from awacs import awslambda as functions
from awacs import ce, cloudformation, ec2, ecr, ecs, elasticloadbalancing, iam, logs, rds, s3
from awacs import servicequotas as quotas
from awacs.aws import ArnLike, Condition, Statement, StringEquals
from troposphere import Sub

from tap.parts import allow

_HERE = "${AWS::Region}:${AWS::AccountId}"
# What planning takes, of stacks: nothing of it changes a resource.
_PLANNING = (
    "CreateChangeSet", "DeleteChangeSet", "DescribeChangeSet", "DescribeEvents", "DescribeStackEvents",
    "DescribeStacks", "GetStackPolicy", "GetTemplate", "ListChangeSets", "ListStackResources", "TagResource",
    "UntagResource")
_DEPLOYING = (
    "ContinueUpdateRollback", "DeleteStack", "DescribeStackResource", "DescribeStackResourceDrifts",
    "DetectStackDrift", "ExecuteChangeSet", "RollbackStack", "SetStackPolicy", "UpdateTerminationProtection")


def planner(prefix: str, bucket_arn: Any, execution_role_arn: Any, plans: str, variables: str) -> list[Statement]:
    """Return what `tap plan` takes for stacks whose names begin with `prefix`.

    It executes nothing, deletes no stack, and writes to the bucket under `plans` alone: a job that plans a pull request
    runs its code, which must not replace what a deployment reads.
    """
    return [
        _of_stacks(prefix, *_PLANNING),
        # These know no stack as a resource.
        allow([cloudformation.ListExports, cloudformation.ListImports], "*"),
        # Which engine version runs: minor upgrades happen by themselves.
        allow([rds.DescribeDBClusters], Sub(f"arn:${{AWS::Partition}}:rds:{_HERE}:cluster:{prefix}*")),
        allow([rds.DescribeDBInstances], Sub(f"arn:${{AWS::Partition}}:rds:{_HERE}:db:{prefix}*")),
        allow([iam.PassRole], execution_role_arn,
              condition=Condition(StringEquals({"iam:PassedToService": "cloudformation.amazonaws.com"}))),
        # Where traffic goes, before the rules of a listener change; Elastic Load Balancing describes all or nothing.
        allow([elasticloadbalancing.DescribeRules], "*"),
        # Templates too large for a request.
        allow([s3.ListBucket], bucket_arn),
        allow([s3.GetObject, s3.PutObject], Sub(f"${{Bucket}}/{plans}*", Bucket=bucket_arn)),
        # The variables that are deployed, to compare with.
        allow([s3.GetObject], Sub(f"${{Bucket}}/{variables}*", Bucket=bucket_arn)),
    ]


def deployer(prefix: str, bucket_arn: Any, execution_role_arn: Any, plans: str, variables: str) -> list[Statement]:
    """Return what the role takes that runs `tap` for stacks whose names begin with `prefix`.

    tests/bootstrap/ compares it with the requests that `tap/deploy/` makes.
    """
    return [
        *planner(prefix, bucket_arn, execution_role_arn, plans, variables),
        allow([s3.GetObject, s3.PutObject], Sub("${Bucket}/*", Bucket=bucket_arn)),
        _of_stacks(prefix, *_DEPLOYING),
        # These know no stack as a resource.
        allow([cloudformation.DescribeAccountLimits, cloudformation.DescribeStackDriftDetectionStatus,
               quotas.GetServiceQuota], "*"),
        # `tap doctor` checks whether MonthlyBudget can count; tags have no resource.
        allow([ce.ListCostAllocationTags], "*"),
        # `tap doctor` checks an existing VPC, which another account may share; only its attributes have a resource.
        allow([ec2.DescribeFlowLogs, ec2.DescribeRouteTables, ec2.DescribeSubnets, ec2.DescribeVpcEndpoints], "*"),
        allow([ec2.DescribeVpcAttribute], Sub("arn:${AWS::Partition}:ec2:${AWS::Region}:*:vpc/*")),
        # `tap doctor` looks whether they are there.
        allow([iam.GetRole], execution_role_arn,
              Sub("arn:${AWS::Partition}:iam::${AWS::AccountId}:role/aws-service-role/*")),
        # Whether a bucket is empty, before a deletion; and why something failed.
        allow([s3.ListBucketVersions], Sub(f"arn:${{AWS::Partition}}:s3:::{prefix}*")),
        # Which image runs, which ran before it, and how its tasks are.
        allow([ecs.DescribeServiceRevisions, ecs.DescribeServices, ecs.DescribeTasks, ecs.ListServiceDeployments],
              Sub(f"arn:${{AWS::Partition}}:ecs:{_HERE}:service-revision/{prefix}*"),
              Sub(f"arn:${{AWS::Partition}}:ecs:{_HERE}:service/{prefix}*"),
              Sub(f"arn:${{AWS::Partition}}:ecs:{_HERE}:task/{prefix}*")),
        allow([ecs.ListTasks], "*", condition=Condition(ArnLike({
            "ecs:cluster": Sub(f"arn:${{AWS::Partition}}:ecs:{_HERE}:cluster/{prefix}*")}))),
        allow([ecs.DescribeTaskDefinition], "*"),
        # Whether an image is there, and its digest; the repository may be another account's.
        allow([ecr.DescribeImages], Sub("arn:${AWS::Partition}:ecr:${AWS::Region}:*:repository/*")),
        allow([functions.GetFunctionConfiguration],
              Sub(f"arn:${{AWS::Partition}}:lambda:{_HERE}:function:{prefix}*")),
        allow([logs.DescribeLogStreams, logs.FilterLogEvents, logs.GetLogEvents],
              Sub(f"arn:${{AWS::Partition}}:logs:{_HERE}:log-group:{prefix}*")),
    ]


def _of_stacks(prefix: str, *actions: str) -> Statement:
    return allow([cloudformation.Action(name) for name in actions],
                 Sub(f"arn:${{AWS::Partition}}:cloudformation:{_HERE}:stack/{prefix}*"))
