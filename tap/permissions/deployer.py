"""What `tap` needs of AWS while it plans, deploys, watches, examines and deletes the stacks of an account.

Making the resources is the execution role's, which this one hands to CloudFormation and to nobody else.
"""

from typing import Any

from awacs import awslambda as functions
from awacs import cloudformation, ecs, iam, logs, s3
from awacs import servicequotas as quotas
from awacs.aws import ArnLike, Condition, Statement, StringEquals
from troposphere import Sub

from tap.parts import allow

_HERE = "${AWS::Region}:${AWS::AccountId}"
_CLOUDFORMATION = (
    "ContinueUpdateRollback", "CreateChangeSet", "DeleteChangeSet", "DeleteStack", "DescribeChangeSet",
    "DescribeEvents", "DescribeStackEvents", "DescribeStackResource", "DescribeStackResourceDrifts", "DescribeStacks",
    "DetectStackDrift", "ExecuteChangeSet", "GetStackPolicy", "GetTemplate", "ListChangeSets", "ListStackResources",
    "RollbackStack", "SetStackPolicy", "TagResource", "UntagResource", "UpdateTerminationProtection")
_OF_THE_ACCOUNT = (
    "DescribeAccountLimits", "DescribeStackDriftDetectionStatus", "ListExports", "ListImports")


def deployer(prefix: str, bucket_arn: Any, execution_role_arn: Any) -> list[Statement]:
    """Return what the role takes that runs `tap` for stacks whose names begin with `prefix`.

    tests/bootstrap/ compares it with the requests that `tap/deploy/` makes.
    """
    return [
        allow([cloudformation.Action(name) for name in _CLOUDFORMATION],
              Sub(f"arn:${{AWS::Partition}}:cloudformation:{_HERE}:stack/{prefix}*")),
        # These know no stack as a resource.
        allow([cloudformation.Action(name) for name in _OF_THE_ACCOUNT] + [quotas.GetServiceQuota], "*"),
        allow([iam.PassRole], execution_role_arn,
              condition=Condition(StringEquals({"iam:PassedToService": "cloudformation.amazonaws.com"}))),
        # `tap doctor` looks whether they are there.
        allow([iam.GetRole], execution_role_arn,
              Sub("arn:${AWS::Partition}:iam::${AWS::AccountId}:role/aws-service-role/*")),
        # Templates too large for a request.
        allow([s3.ListBucket], bucket_arn),
        allow([s3.GetObject, s3.PutObject], Sub("${Bucket}/*", Bucket=bucket_arn)),
        # Whether a bucket is empty, before a deletion; and why something failed.
        allow([s3.ListBucketVersions], Sub(f"arn:${{AWS::Partition}}:s3:::{prefix}*")),
        allow([ecs.DescribeServices, ecs.DescribeTasks],
              Sub(f"arn:${{AWS::Partition}}:ecs:{_HERE}:service/{prefix}*"),
              Sub(f"arn:${{AWS::Partition}}:ecs:{_HERE}:task/{prefix}*")),
        allow([ecs.ListTasks], "*", condition=Condition(ArnLike({
            "ecs:cluster": Sub(f"arn:${{AWS::Partition}}:ecs:{_HERE}:cluster/{prefix}*")}))),
        allow([ecs.DescribeTaskDefinition], "*"),
        allow([functions.GetFunctionConfiguration],
              Sub(f"arn:${{AWS::Partition}}:lambda:{_HERE}:function:{prefix}*")),
        allow([logs.DescribeLogStreams, logs.GetLogEvents],
              Sub(f"arn:${{AWS::Partition}}:logs:{_HERE}:log-group:{prefix}*")),
    ]
