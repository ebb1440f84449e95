"""E9304."""

import pytest

PRINCIPAL = "Principal: {Service: logdelivery.elasticloadbalancing.amazonaws.com}"
FINDING = (
    "E9304 `Balancer` → `LogBucket`: no bucket policy allows the load balancer to deliver its logs. Allow s3:PutObject "
    "for logdelivery.elasticloadbalancing.amazonaws.com in the bucket's policy.")


@pytest.mark.parametrize("change", [
    (PRINCIPAL, "Principal: {Service: cloudtrail.amazonaws.com}"),
    (PRINCIPAL, "Principal: {AWS: 'arn:aws:iam::123456789012:root'}"),
    ("Action: 's3:PutObject'", "Action: 's3:GetObject'"),
])
def test_a_log_bucket_whose_policy_does_not_let_load_balancers_in_is_found(found, change):
    assert found(change) == [FINDING]


def test_a_log_bucket_without_a_policy_is_found(found):
    assert found(("Bucket: !Ref LogBucket\n", "Bucket: !Ref Uploads\n")) == [FINDING]


@pytest.mark.parametrize("principal", [
    "{Service: delivery.logs.amazonaws.com}",
    "{AWS: 'arn:aws:iam::054676820928:root'}",
    "{AWS: !Sub 'arn:${AWS::Partition}:iam::054676820928:root'}",
    "{AWS: '127311923021'}",
    "{AWS: !FindInMap [Accounts, !Ref 'AWS::Region', account]}",
    "{AWS: !Ref Image}",
    "'*'",
])
def test_the_accounts_of_older_regions_and_what_is_not_known_are_not_found(found, principal):
    assert found((PRINCIPAL, f"Principal: {principal}")) == []


def test_a_bucket_by_its_name_is_the_same_bucket(found):
    named = "access_logs.s3.bucket, Value: !Ref LogBucket", "access_logs.s3.bucket, Value: my-logs"
    bucket = "      OwnershipControls", "      BucketName: my-logs\n      OwnershipControls"
    assert found(named, bucket) == []
    assert found(named, bucket, (PRINCIPAL, "Principal: {Service: ec2.amazonaws.com}")) == [FINDING]


def test_the_cdk_s_custom_resource_that_empties_a_bucket_adds_no_policy(found):
    custom = """
  Emptying:
    Type: Custom::S3AutoDeleteObjects
    Properties: {ServiceToken: !ImportValue emptying, BucketName: !Ref LogBucket}
"""
    change = PRINCIPAL, "Principal: {Service: cloudtrail.amazonaws.com}"
    assert found(change, add=custom) == [FINDING]
    assert found(change, add=custom.replace("S3AutoDeleteObjects", "Anything")) == []
