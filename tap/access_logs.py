"""The access logs: a bucket that the load balancer, CloudFront and S3 write to."""

from typing import Any, NamedTuple

from awacs import s3
from awacs.aws import Action, ArnLike, Condition
from troposphere import AWSHelperFn, If, Sub, Template
from troposphere.cloudfront import Logging
from troposphere.elasticloadbalancingv2 import LoadBalancerAttributes
from troposphere.s3 import (
    AbortIncompleteMultipartUpload,
    Bucket,
    BucketEncryption,
    BucketPolicy,
    LifecycleConfiguration,
    LifecycleRule,
    LoggingConfiguration,
    NoncurrentVersionExpiration,
    OwnershipControls,
    OwnershipControlsRule,
    PublicAccessBlockConfiguration,
    ServerSideEncryptionByDefault,
    ServerSideEncryptionRule,
    VersioningConfiguration,
)

from tap.logs import Logs
from tap.parts import NO_VALUE, add_switch, admit, of_this_account, only_if, policy, refuse_plain_http, suppress

PRIVATE = PublicAccessBlockConfiguration(
    BlockPublicAcls=True, BlockPublicPolicy=True, IgnorePublicAcls=True, RestrictPublicBuckets=True)


class AccessLogs(NamedTuple):
    """Logging configurations for each source of access logs; `AWS::NoValue` where access logs are switched off."""

    bucket: Bucket
    condition: str
    is_writable: If
    """A reference to the bucket policy, for resources that must wait for it, or an empty string."""

    def of_bucket(self) -> If:
        """Return the logging configuration of a bucket."""
        return only_if(self.condition, LoggingConfiguration(
            DestinationBucketName=self.bucket.ref(), LogFilePrefix="s3/"))

    def of_balancer(self) -> list[Any]:
        """Return the attributes of a load balancer."""
        return [
            LoadBalancerAttributes(Key="access_logs.s3.enabled", Value=If(self.condition, "true", "false")),
            *(If(self.condition, LoadBalancerAttributes(Key=f"access_logs.s3.{key}", Value=value), NO_VALUE)
              for key, value in (("bucket", self.bucket.ref()), ("prefix", "alb")))]

    def of_distribution(self) -> If:
        """Return the logging configuration of a distribution."""
        return only_if(self.condition, Logging(
            Bucket=self.bucket.get_att("RegionalDomainName"), Prefix="cloudfront/"))


def private_bucket(title: str, encryption: ServerSideEncryptionByDefault | AWSHelperFn, **attributes: Any) -> Bucket:
    """Return a private, versioned, encrypted bucket; the caller sets its lifecycle rules."""
    return Bucket(
        title,
        BucketEncryption=BucketEncryption(ServerSideEncryptionConfiguration=[ServerSideEncryptionRule(
            BucketKeyEnabled=True, ServerSideEncryptionByDefault=encryption)]),
        PublicAccessBlockConfiguration=PRIVATE,
        VersioningConfiguration=VersioningConfiguration(Status="Enabled"), **attributes)


def add_access_logs(t: Template, logs: Logs) -> AccessLogs:
    """Add the bucket, which outlives the stack, and its policy, unless the parameter AccessLogs is false."""
    condition = add_switch(
        t, "Environment", "Access logs", "AccessLogs", "true",
        "Log requests to the load balancer, CloudFront and the assets bucket in a bucket that outlives the stack.")
    bucket = t.add_resource(private_bucket(
        "LogsBucket",
        # The only encryption that load balancer access logs support.
        ServerSideEncryptionByDefault(SSEAlgorithm="AES256"),
        # Also when creation fails: the load balancer's first write makes the bucket non-empty, and its deletion would
        # fail the rollback.
        # https://docs.aws.amazon.com/elasticloadbalancing/latest/application/enable-access-logging.html
        Condition=condition, DeletionPolicy="Retain", UpdateReplacePolicy="Retain",
        # CloudFront adds an access control list to the bucket so that it can write.
        # https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/standard-logging-legacy-s3.html
        OwnershipControls=OwnershipControls(Rules=[OwnershipControlsRule(ObjectOwnership="BucketOwnerPreferred")]),
        LifecycleConfiguration=LifecycleConfiguration(Rules=[LifecycleRule(
            Status="Enabled", ExpirationInDays=logs.retention.ref(),
            NoncurrentVersionExpiration=NoncurrentVersionExpiration(NoncurrentDays=1),
            AbortIncompleteMultipartUpload=AbortIncompleteMultipartUpload(DaysAfterInitiation=1))])))
    suppress(bucket, {"CKV_AWS_18": "The bucket would log itself"})
    written_by = Condition(ArnLike({"aws:SourceArn": Sub(
        "arn:${AWS::Partition}:elasticloadbalancing:${AWS::Region}:${AWS::AccountId}:loadbalancer/*")}))
    bucket_policy = t.add_resource(BucketPolicy(
        "LogsBucketPolicy", Condition=condition, Bucket=bucket.ref(), PolicyDocument=policy(
            admit("logdelivery.elasticloadbalancing.amazonaws.com", [s3.PutObject],
                  Sub("${LogsBucket.Arn}/alb/AWSLogs/${AWS::AccountId}/*"), condition=written_by),
            # https://docs.aws.amazon.com/AmazonS3/latest/userguide/enable-server-access-logging.html
            admit("logging.s3.amazonaws.com", [s3.PutObject], Sub("${LogsBucket.Arn}/s3/*"),
                  condition=of_this_account()),
            refuse_plain_http([Action("s3", "*")], bucket.get_att("Arn"), Sub("${LogsBucket.Arn}/*")))))
    return AccessLogs(bucket, condition, If(condition, bucket_policy.ref(), ""))
