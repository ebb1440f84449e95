"""The bootstrap stack, once an account and region: artifact bucket, roles, permissions boundary, notifications.

Its stack is not named as those that it is for, and its roles and policies have a path of their own: what may change
a stack's resources may not change these.
"""

from awacs.aws import Action, Bool, Condition, Deny, NumericLessThan, Principal, Statement
from troposphere import Output, Sub, Template
from troposphere.s3 import (
    AbortIncompleteMultipartUpload,
    Bucket,
    BucketEncryption,
    BucketPolicy,
    LifecycleConfiguration,
    LifecycleRule,
    NoncurrentVersionExpiration,
    ServerSideEncryptionByDefault,
    ServerSideEncryptionRule,
    VersioningConfiguration,
)

from tap.access_logs import PRIVATE
from tap.bootstrap.access import add_boundary, add_deployers, add_execution_role
from tap.bootstrap.notifications import add_notifications
from tap.environment import add_tags
from tap.parts import Stack, policy, suppress, tag_all

_TOLD_BY = "; and of those of the stacks, which the execution role tells by it"
# What switches everything on.
SAMPLES = {
    "made": {
        "GitHubSubjects": "repo:payments/tap:environment:dev,repo:payments/tap:environment:prod",
        "GitHubPlanSubjects": "repo:payments/tap:environment:dev-plan",
        "FailureEmail": "stand-in@example.com"},
    "given": {
        "GitHubSubjects": "repo:payments/tap:environment:dev,repo:payments/tap:environment:prod",
        "GitHubProviderArn": "arn:aws:iam::000000000000:oidc-provider/token.actions.githubusercontent.com",
        "DeployerPrincipalArn": "arn:aws:iam::000000000000:role/platform-engineer"},
}


def build() -> Template:
    """Return the template of the bootstrap stack."""
    t = Stack("What tap needs once an account and region: artifact bucket, roles, notifications")
    tags = add_tags(t, "Tags", Application=_TOLD_BY)

    bucket = t.add(_add_artifact_bucket)
    names = t.add(add_boundary, tags["Application"])
    role = t.add(add_execution_role, names, bucket)
    t.add(add_deployers, bucket, role)
    t.add(add_notifications)
    tag_all(t, tags)
    return t

def _add_artifact_bucket(t: Template) -> Bucket:
    # Templates hold no secret: keys of S3's own cost nothing.
    bucket = t.add_resource(Bucket(
        "ArtifactBucket", DeletionPolicy="RetainExceptOnCreate", UpdateReplacePolicy="Retain",
        # The name that parameters/targets.toml makes.
        BucketName=Sub("tap-artifacts-${AWS::AccountId}-${AWS::Region}"),
        BucketEncryption=BucketEncryption(ServerSideEncryptionConfiguration=[ServerSideEncryptionRule(
            ServerSideEncryptionByDefault=ServerSideEncryptionByDefault(SSEAlgorithm="AES256"))]),
        PublicAccessBlockConfiguration=PRIVATE,
        VersioningConfiguration=VersioningConfiguration(Status="Enabled"),
        # What is current stays: a version of a product names its template.
        LifecycleConfiguration=LifecycleConfiguration(Rules=[LifecycleRule(
            Status="Enabled",
            NoncurrentVersionExpiration=NoncurrentVersionExpiration(NoncurrentDays=90),
            AbortIncompleteMultipartUpload=AbortIncompleteMultipartUpload(DaysAfterInitiation=7))])))
    suppress(bucket, {"CKV_AWS_18": "CloudTrail tells who puts a template there, and nothing else is"})
    everything = [bucket.get_att("Arn"), Sub(f"${{{bucket.title}.Arn}}/*")]
    t.add_resource(BucketPolicy("ArtifactBucketPolicy", Bucket=bucket.ref(), PolicyDocument=policy(*(
        Statement(Effect=Deny, Principal=Principal("*"), Action=[Action("s3", "*")], Resource=everything,
                  Condition=Condition(test))
        # https://docs.aws.amazon.com/AmazonS3/latest/userguide/amazon-s3-policy-keys.html
        for test in (Bool({"aws:SecureTransport": "false"}), NumericLessThan({"s3:TlsVersion": "1.2"}))))))
    t.add_output(Output("ArtifactBucketName", Description="Where templates go", Value=bucket.ref()))
    return bucket
