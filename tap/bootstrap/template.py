"""The bootstrap stack, once per account and region: artifact bucket, roles, permissions boundary, notifications.

Its name has another prefix than the stacks', and its roles and policies have their own path, so that a role that may
change the stacks' resources may not change these.
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

_TOLD_BY = ", and of the stacks' resources, by which the execution role recognizes them"
# Values that enable everything.
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
    t = Stack("What tap needs once per account and region: artifact bucket, roles, notifications")
    tags = add_tags(t, "Tags", Application=_TOLD_BY)

    bucket = t.add(_add_artifact_bucket)
    names = t.add(add_boundary, tags["Application"])
    role = t.add(add_execution_role, names, bucket)
    t.add(add_deployers, bucket, role)
    t.add(add_notifications)
    tag_all(t, tags)
    return t

def _add_artifact_bucket(t: Template) -> Bucket:
    # Templates contain no secrets, and S3 managed keys are free.
    bucket = t.add_resource(Bucket(
        "ArtifactBucket", DeletionPolicy="RetainExceptOnCreate", UpdateReplacePolicy="Retain",
        # The default in parameters/targets.toml.
        BucketName=Sub("tap-artifacts-${AWS::AccountId}-${AWS::Region}"),
        BucketEncryption=BucketEncryption(ServerSideEncryptionConfiguration=[ServerSideEncryptionRule(
            ServerSideEncryptionByDefault=ServerSideEncryptionByDefault(SSEAlgorithm="AES256"))]),
        PublicAccessBlockConfiguration=PRIVATE,
        VersioningConfiguration=VersioningConfiguration(Status="Enabled"),
        # Current objects stay, since product versions refer to their templates.
        LifecycleConfiguration=LifecycleConfiguration(Rules=[LifecycleRule(
            Status="Enabled",
            NoncurrentVersionExpiration=NoncurrentVersionExpiration(NoncurrentDays=90),
            AbortIncompleteMultipartUpload=AbortIncompleteMultipartUpload(DaysAfterInitiation=7))])))
    suppress(bucket, {"CKV_AWS_18": "Holds only templates; CloudTrail records who uploads them"})
    everything = [bucket.get_att("Arn"), Sub(f"${{{bucket.title}.Arn}}/*")]
    t.add_resource(BucketPolicy("ArtifactBucketPolicy", Bucket=bucket.ref(), PolicyDocument=policy(*(
        Statement(Effect=Deny, Principal=Principal("*"), Action=[Action("s3", "*")], Resource=everything,
                  Condition=Condition(test))
        # https://docs.aws.amazon.com/AmazonS3/latest/userguide/amazon-s3-policy-keys.html
        for test in (Bool({"aws:SecureTransport": "false"}), NumericLessThan({"s3:TlsVersion": "1.2"}))))))
    t.add_output(Output("ArtifactBucketName", Description="Bucket for templates", Value=bucket.ref()))
    return bucket
