"""The assets tier: a private, versioned bucket, a CloudFront distribution, and a function that empties the bucket."""

from typing import NamedTuple

from awacs import cloudformation, kms, s3
from awacs.aws import Action, Condition, Statement, StringEquals
from troposphere import Equals, GetAtt, If, Not, Parameter, Ref, Sub, Template
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
    BucketPolicy,
    LifecycleConfiguration,
    LifecycleRule,
    NoncurrentVersionExpiration,
    ServerSideEncryptionByDefault,
)

from tap.access_logs import AccessLogs, private_bucket
from tap.domain import Domain
from tap.inline import function_source
from tap.keys import Keys
from tap.logs import Logs
from tap.parts import (
    NO_VALUE,
    RUNTIME,
    add_export,
    add_parameter,
    add_role,
    add_switch,
    admit,
    allow,
    policy,
    refuse_plain_http,
    suppress,
)

# CloudFront's managed policies have the same ids in every account:
# https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/using-managed-cache-policies.html
# https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/using-managed-response-headers-policies.html
CACHING_OPTIMIZED = "658327ea-f89d-4fab-a63d-7e88639e58f6"
SECURITY_HEADERS = "67f7725c-6f97-4210-82d7-5512b31e9d03"
METHODS = ["GET", "HEAD", "OPTIONS"]


class Assets(NamedTuple):
    """The parts of the assets tier that other tiers use."""

    bucket: Bucket
    keys: Keys

    @property
    def objects(self) -> Sub:
        """ARN that matches all objects of the bucket."""
        return Sub(f"${{{self.bucket.title}.Arn}}/*")

    def read(self) -> tuple[Statement, Statement, Statement]:
        """Return the permissions to list and read the assets."""
        return (
            allow([s3.ListBucket], self.bucket.get_att("Arn")),
            allow([s3.GetObject], self.objects),
            self.keys.use(self.keys.data, "s3", actions=[kms.Decrypt]),
        )


def add_assets(t: Template, keys: Keys, logs: Logs, access_logs: AccessLogs, domain: Domain) -> Assets:
    """Add the bucket, the distribution that alone may read it and, by parameter, a function that empties it."""
    empties = add_switch(
        t, "Assets", "Empty on deletion", "EmptyAssetsBucketOnDelete", "false",
        "Delete all objects when the stack is deleted; if false, the deletion fails unless the bucket is empty.")

    web_acl = add_parameter(t, "Assets", "CloudFront web ACL", Parameter(
        "CdnWebAclArn", Type="String", Default="",
        AllowedPattern=r"(arn:aws[a-z-]*:wafv2:us-east-1:\d{12}:global/webacl/[\w-]+/[0-9a-f-]+)?",
        ConstraintDescription="must be the ARN of a web ACL with scope CLOUDFRONT, or empty",
        Description="ARN of an AWS WAF web ACL for CloudFront, created in us-east-1; empty for none."))
    has_web_acl = t.add_condition("HasCdnWebAcl", Not(Equals(web_acl.ref(), "")))

    bucket = t.add_resource(private_bucket(
        "AssetsBucket",
        If(keys.condition,
           ServerSideEncryptionByDefault(SSEAlgorithm="aws:kms", KMSMasterKeyID=keys.data.get_att("Arn")),
           ServerSideEncryptionByDefault(SSEAlgorithm="AES256")),
        DeletionPolicy="Delete", UpdateReplacePolicy="Retain",
        LoggingConfiguration=access_logs.of_bucket(),
        LifecycleConfiguration=LifecycleConfiguration(Rules=[LifecycleRule(
            Status="Enabled",
            NoncurrentVersionExpiration=NoncurrentVersionExpiration(NoncurrentDays=30),
            AbortIncompleteMultipartUpload=AbortIncompleteMultipartUpload(DaysAfterInitiation=7))])))
    assets = Assets(bucket, keys)

    access = t.add_resource(OriginAccessControl(
        "AssetsAccessControl", OriginAccessControlConfig=OriginAccessControlConfig(
            # Must be unique in the account and at most 64 characters; so is a bucket name.
            Name=bucket.ref(),
            OriginAccessControlOriginType="s3", SigningBehavior="always", SigningProtocol="sigv4")))
    distribution = t.add_resource(Distribution("Distribution", DistributionConfig=DistributionConfig(
        # At most 128 characters, which a stack name alone may have.
        Comment=Sub("Assets of ${Environment}"),
        Enabled=True, HttpVersion="http2and3", IPV6Enabled=True, PriceClass="PriceClass_100",
        DefaultRootObject="index.html",
        Origins=[Origin(
            Id="assets", DomainName=bucket.get_att("RegionalDomainName"),
            OriginAccessControlId=access.get_att("Id"),
            # Required with an origin access control, but empty.
            S3OriginConfig=S3OriginConfig(OriginAccessIdentity=""))],
        DefaultCacheBehavior=DefaultCacheBehavior(
            TargetOriginId="assets", ViewerProtocolPolicy="redirect-to-https", Compress=True,
            AllowedMethods=METHODS, CachedMethods=METHODS,
            CachePolicyId=CACHING_OPTIMIZED, ResponseHeadersPolicyId=SECURITY_HEADERS),
        Aliases=If(domain.has_cdn_certificate, [domain.cdn_name], NO_VALUE),
        ViewerCertificate=If(
            domain.has_cdn_certificate,
            ViewerCertificate(
                AcmCertificateArn=domain.cdn_certificate, SslSupportMethod="sni-only",
                MinimumProtocolVersion="TLSv1.2_2021"),
            ViewerCertificate(CloudFrontDefaultCertificate=True)),
        Logging=access_logs.of_distribution(),
        WebACLId=If(has_web_acl, web_acl.ref(), NO_VALUE))))
    suppress(distribution, {"CKV_AWS_86": "By AccessLogs", "CKV_AWS_174": "By CdnCertificateArn"})
    domain.lead_to_distribution(distribution)
    t.add_resource(BucketPolicy("AssetsBucketPolicy", Bucket=bucket.ref(), PolicyDocument=policy(
        admit("cloudfront.amazonaws.com", [s3.GetObject], assets.objects, condition=Condition(
            StringEquals({"AWS:SourceArn": Sub(
                "arn:${AWS::Partition}:cloudfront::${AWS::AccountId}:distribution/${Distribution}")}))),
        refuse_plain_http([Action("s3", "*")], bucket.get_att("Arn"), assets.objects))))
    add_export(t, "CloudFrontURL", "URL of the CloudFront distribution",
               Sub(f"https://${{{distribution.title}.DomainName}}"), "cloudfront-url")

    _add_emptying(t, logs, assets, empties)
    return assets


def _add_emptying(t: Template, logs: Logs, assets: Assets, condition: str) -> None:
    log_group = logs.add_group("EmptyBucketLogGroup", keep=False, Condition=condition)
    role = add_role(
        t, "EmptyBucket", "lambda.amazonaws.com",
        allow([s3.ListBucketVersions], assets.bucket.get_att("Arn")),
        allow([s3.DeleteObject, s3.DeleteObjectVersion], assets.objects),
        # The function checks that the stack is being deleted and owns the bucket.
        allow([cloudformation.DescribeStacks, cloudformation.ListStackResources], Ref("AWS::StackId")),
        logs.write(log_group),
        condition=condition)
    function = t.add_resource(Function(
        "EmptyBucketFunction", Condition=condition,
        Runtime=RUNTIME, Architectures=["arm64"], Handler="index.handler", MemorySize=256, Timeout=900,
        Role=role.get_att("Arn"), LoggingConfig=LoggingConfig(LogGroup=log_group.ref()),
        Code=Code(ZipFile=function_source("empty_bucket"))))
    suppress(function, {
        "CKV_AWS_115": "Runs once", "CKV_AWS_116": "CloudFormation retries", "CKV_AWS_117": "Calls only AWS"})
    # CloudFormation deletes it before the bucket that it refers to; that deletion empties the bucket.
    t.add_resource(CustomResource(
        "EmptyAssetsBucket", Condition=condition, ServiceToken=GetAtt(function, "Arn"),
        BucketName=assets.bucket.ref()))
