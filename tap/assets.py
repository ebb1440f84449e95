"""The assets tier: a private, versioned bucket, CloudFront over it, and what empties it in the end."""

from typing import NamedTuple

from awacs import cloudformation, s3
from awacs.aws import (
    Action,
    Allow,
    Bool,
    Condition,
    Deny,
    Principal,
    Statement,
    StringEquals,
)
from troposphere import GetAtt, Ref, Sub, Template
from troposphere.awslambda import Code, Function, LoggingConfig
from troposphere.cloudformation import CustomResource
from troposphere.cloudfront import (
    DefaultCacheBehavior,
    Distribution,
    DistributionConfig,
    Origin,
    OriginAccessControl,
    OriginAccessControlConfig,
    S3OriginConfig,
    ViewerCertificate,
)
from troposphere.s3 import (
    AbortIncompleteMultipartUpload,
    Bucket,
    BucketEncryption,
    BucketPolicy,
    LifecycleConfiguration,
    LifecycleRule,
    NoncurrentVersionExpiration,
    PublicAccessBlockConfiguration,
    ServerSideEncryptionByDefault,
    ServerSideEncryptionRule,
    VersioningConfiguration,
)

from tap.inline import function_source
from tap.logs import Logs
from tap.parts import RUNTIME, add_export, add_role, add_switch, allow, policy

# Policies that CloudFront keeps for everybody, under the same ids in every account:
# https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/using-managed-cache-policies.html
# https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/using-managed-response-headers-policies.html
CACHING_OPTIMIZED = "658327ea-f89d-4fab-a63d-7e88639e58f6"
SECURITY_HEADERS = "67f7725c-6f97-4210-82d7-5512b31e9d03"
METHODS = ["GET", "HEAD", "OPTIONS"]


class Assets(NamedTuple):
    """What the other tiers may use of the assets."""

    bucket: Bucket

    @property
    def objects(self) -> Sub:
        """The ARN that stands for all objects of the bucket."""
        return Sub(f"${{{self.bucket.title}.Arn}}/*")

    def read(self) -> tuple[Statement, Statement]:
        """Return what a role needs to list and read the assets."""
        return (
            allow([s3.ListBucket], self.bucket.get_att("Arn")),
            allow([s3.GetObject], self.objects),
        )


def add_assets(t: Template, logs: Logs) -> Assets:
    """Add the bucket, the distribution that alone may read it and, by parameter, the emptying on deletion."""
    empties = add_switch(
        t, "Assets", "Empty on deletion", "EmptyAssetsBucketOnDelete", "false",
        "Delete all objects with the stack; otherwise a bucket that holds any stops its deletion.")

    bucket = t.add_resource(Bucket(
        "AssetsBucket", DeletionPolicy="Delete", UpdateReplacePolicy="Retain",
        BucketEncryption=BucketEncryption(ServerSideEncryptionConfiguration=[ServerSideEncryptionRule(
            ServerSideEncryptionByDefault=ServerSideEncryptionByDefault(SSEAlgorithm="AES256"))]),
        PublicAccessBlockConfiguration=PublicAccessBlockConfiguration(
            BlockPublicAcls=True, BlockPublicPolicy=True, IgnorePublicAcls=True, RestrictPublicBuckets=True),
        VersioningConfiguration=VersioningConfiguration(Status="Enabled"),
        LifecycleConfiguration=LifecycleConfiguration(Rules=[LifecycleRule(
            Status="Enabled",
            NoncurrentVersionExpiration=NoncurrentVersionExpiration(NoncurrentDays=30),
            AbortIncompleteMultipartUpload=AbortIncompleteMultipartUpload(DaysAfterInitiation=7))])))
    assets = Assets(bucket)

    access = t.add_resource(OriginAccessControl(
        "AssetsAccessControl", OriginAccessControlConfig=OriginAccessControlConfig(
            # Must be unique in the account; a bucket's name is, and is no longer than the 64 characters.
            Name=bucket.ref(),
            OriginAccessControlOriginType="s3", SigningBehavior="always", SigningProtocol="sigv4")))
    distribution = t.add_resource(Distribution("Distribution", DistributionConfig=DistributionConfig(
        Comment=Sub("Assets of ${AWS::StackName}"),
        Enabled=True, HttpVersion="http2and3", IPV6Enabled=True, PriceClass="PriceClass_100",
        DefaultRootObject="index.html",
        Origins=[Origin(
            Id="assets", DomainName=bucket.get_att("RegionalDomainName"),
            OriginAccessControlId=access.get_att("Id"),
            # Required beside an origin access control, and then empty.
            S3OriginConfig=S3OriginConfig(OriginAccessIdentity=""))],
        DefaultCacheBehavior=DefaultCacheBehavior(
            TargetOriginId="assets", ViewerProtocolPolicy="redirect-to-https", Compress=True,
            AllowedMethods=METHODS, CachedMethods=METHODS,
            CachePolicyId=CACHING_OPTIMIZED, ResponseHeadersPolicyId=SECURITY_HEADERS),
        ViewerCertificate=ViewerCertificate(CloudFrontDefaultCertificate=True))))
    t.add_resource(BucketPolicy("AssetsBucketPolicy", Bucket=bucket.ref(), PolicyDocument=policy(
        Statement(
            Effect=Allow, Principal=Principal("Service", "cloudfront.amazonaws.com"),
            Action=[s3.GetObject], Resource=[assets.objects],
            Condition=Condition(StringEquals({"AWS:SourceArn": Sub(
                "arn:${AWS::Partition}:cloudfront::${AWS::AccountId}:distribution/${Distribution}")}))),
        Statement(
            Effect=Deny, Principal=Principal("*"), Action=[Action("s3", "*")],
            Resource=[bucket.get_att("Arn"), assets.objects],
            Condition=Condition(Bool({"aws:SecureTransport": "false"}))))))
    add_export(t, "CloudFrontURL", "CloudFront distribution URL", distribution.get_att("DomainName"),
               "cloudfront-url")

    _add_emptying(t, logs, assets, empties)
    return assets


def _add_emptying(t: Template, logs: Logs, assets: Assets, condition: str) -> None:
    log_group = logs.add_group("EmptyBucketLogGroup", keep=False, Condition=condition)
    role = add_role(
        t, "EmptyBucket", "lambda.amazonaws.com",
        allow([s3.ListBucketVersions], assets.bucket.get_att("Arn")),
        allow([s3.DeleteObject, s3.DeleteObjectVersion], assets.objects),
        # It empties the bucket only while the stack is being deleted.
        allow([cloudformation.DescribeStacks], Ref("AWS::StackId")),
        logs.write(log_group),
        condition=condition)
    function = t.add_resource(Function(
        "EmptyBucketFunction", Condition=condition,
        Runtime=RUNTIME, Architectures=["arm64"], Handler="index.handler", MemorySize=256, Timeout=900,
        Role=role.get_att("Arn"), LoggingConfig=LoggingConfig(LogGroup=log_group.ref()),
        Code=Code(ZipFile=function_source("empty_bucket"))))
    # Deleted before the bucket that it names, which is when it empties it.
    t.add_resource(CustomResource(
        "EmptyAssetsBucket", Condition=condition, ServiceToken=GetAtt(function, "Arn"),
        BucketName=assets.bucket.ref()))
