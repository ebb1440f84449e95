"""The access logs: a bucket that their senders can really write to."""

from collections.abc import Callable

import pytest
from stack_view import StackView, statements_of

from tap.template.resolve import Reference, Text

Deployed = Callable[..., StackView]
BUCKET = Reference("LogsBucket")


@pytest.fixture(scope="module")
def logged(deployed: Deployed) -> StackView:
    return deployed(AccessLogs="true")


def writers(stack: StackView) -> dict[str, tuple[list[str], str, object]]:
    return {s["Principal"]["Service"]: (s["Action"], str(s["Resource"][0]), s["Condition"])
            for s in statements_of(stack.properties("LogsBucketPolicy")["PolicyDocument"]) if s["Effect"] == "Allow"}


def test_switched_off_there_is_neither_bucket_nor_log(deployed: Deployed) -> None:
    stack = deployed(AccessLogs="false")
    assert not {"LogsBucket", "LogsBucketPolicy"} & set(stack.resolved.resources)
    attributes = {a["Key"]: a["Value"] for a in stack.properties("LoadBalancer")["LoadBalancerAttributes"]}
    assert attributes["access_logs.s3.enabled"] == "false"
    assert not {"access_logs.s3.bucket", "access_logs.s3.prefix"} & set(attributes)
    assert "LoggingConfiguration" not in stack.properties("AssetsBucket")
    assert "Logging" not in stack.properties("Distribution")["DistributionConfig"]


def test_the_load_balancer_writes_under_the_prefix_that_it_may_write_to(logged: StackView) -> None:
    attributes = {a["Key"]: a["Value"] for a in logged.properties("LoadBalancer")["LoadBalancerAttributes"]}
    assert attributes["access_logs.s3.enabled"] == "true"
    assert attributes["access_logs.s3.bucket"] == BUCKET
    # https://docs.aws.amazon.com/elasticloadbalancing/latest/application/enable-access-logging.html
    prefix = attributes["access_logs.s3.prefix"]
    assert writers(logged)["logdelivery.elasticloadbalancing.amazonaws.com"] == (
        ["s3:PutObject"], f"${{LogsBucket.Arn}}/{prefix}/AWSLogs/123456789012/*", {"ArnLike": {
            "aws:SourceArn": "arn:aws:elasticloadbalancing:us-east-1:123456789012:loadbalancer/*"}})


def test_the_load_balancer_waits_until_it_may_write(logged: StackView) -> None:
    assert "LogsBucketPolicy" in logged.waits_for("LoadBalancer")


def test_s3_writes_under_the_prefix_that_it_may_write_to(logged: StackView) -> None:
    logging = logged.properties("AssetsBucket")["LoggingConfiguration"]
    assert logging["DestinationBucketName"] == BUCKET
    assert writers(logged)["logging.s3.amazonaws.com"] == (
        ["s3:PutObject"], f"${{LogsBucket.Arn}}/{logging['LogFilePrefix']}*",
        {"StringEquals": {"aws:SourceAccount": "123456789012"}})


def test_cloudfront_writes_by_the_access_control_list_that_it_adds_itself(logged: StackView) -> None:
    logging = logged.properties("Distribution")["DistributionConfig"]["Logging"]
    assert logging == {"Bucket": Reference("LogsBucket", "RegionalDomainName"), "Prefix": "cloudfront/"}
    ownership = logged.properties("LogsBucket")["OwnershipControls"]
    assert ownership == {"Rules": [{"ObjectOwnership": "BucketOwnerPreferred"}]}


def test_the_bucket_is_encrypted_as_the_load_balancer_can_and_refuses_plain_http(logged: StackView) -> None:
    (rule,) = logged.properties("LogsBucket")["BucketEncryption"]["ServerSideEncryptionConfiguration"]
    assert rule["ServerSideEncryptionByDefault"] == {"SSEAlgorithm": "AES256"}
    (refused,) = [s for s in statements_of(logged.properties("LogsBucketPolicy")["PolicyDocument"])
                  if s["Effect"] == "Deny"]
    arn = Reference("LogsBucket", "Arn")
    assert refused["Resource"] == [arn, Text((arn, "/*"))]
    assert refused["Condition"] == {"Bool": {"aws:SecureTransport": False}}


def test_logs_are_private_kept_as_long_as_all_others_and_outlive_the_stack(logged: StackView) -> None:
    bucket = logged.properties("LogsBucket")
    (rule,) = bucket["LifecycleConfiguration"]["Rules"]
    assert all(bucket["PublicAccessBlockConfiguration"].values())
    assert rule["ExpirationInDays"] == logged.parameter("LogRetentionDays")
    attributes = logged.attributes("LogsBucket")
    # Even of a creation that failed: the load balancer has written its test file by then.
    assert (attributes["DeletionPolicy"], attributes["UpdateReplacePolicy"]) == ("Retain", "Retain")


def test_flow_logs_of_the_whole_vpc_go_to_a_group_that_their_role_may_write_to(deployed: Deployed) -> None:
    stack = deployed(FlowLogs="true")
    flow = stack.only("AWS::EC2::FlowLog")
    assert (flow["ResourceId"], flow["ResourceType"], flow["TrafficType"]) == (Reference("Vpc"), "VPC", "ALL")
    granted = stack.grants(flow["DeliverLogsPermissionArn"].logical_id)
    # https://docs.aws.amazon.com/vpc/latest/userguide/flow-logs-iam-role.html
    assert {"logs:CreateLogStream", "logs:PutLogEvents", "logs:DescribeLogStreams"} <= set(granted)
    assert {r for found in granted.values() for r in found} == {f"${{{flow['LogGroupName'].logical_id}.Arn}}"}


def test_without_flow_logs_there_is_no_role_or_group_for_them(deployed: Deployed) -> None:
    assert not [title for title in deployed(FlowLogs="false").resolved.resources if title.startswith("Flow")]
