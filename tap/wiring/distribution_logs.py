"""E9306: CloudFront logging to a bucket without ACLs."""

from collections.abc import Iterator

from tap.wiring.graph import Stack
from tap.wiring.iam import BUCKET
from tap.wiring.rule import Broken, WiringRule
from tap.wiring.values import as_maps

DISTRIBUTION = "AWS::CloudFront::Distribution"


class DistributionLogs(WiringRule):
    """Standard logging of CloudFront, in its first version, writes by ACL."""

    id = "E9306"
    shortdesc = "CloudFront logging to a bucket without ACLs"
    description = (
        "The Logging property of a distribution uses standard logging (legacy), which requires access control lists. "
        "They are disabled by default; CloudFront rejects the distribution unless the bucket's OwnershipControls "
        "enable them.")
    source_url = (
        "https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/standard-logging-legacy-s3.html")
    error = "The S3 bucket that you specified for CloudFront logs does not enable ACL access"
    fix = "Set OwnershipControls with ObjectOwnership: BucketOwnerPreferred on the bucket, or use standard logging v2."
    types = (DISTRIBUTION, BUCKET)

    def broken(self, stack: Stack) -> Iterator[Broken]:
        """Yield distributions whose log bucket has no ACLs."""
        for distribution in stack.of_type(DISTRIBUTION):
            bucket = stack.target(distribution.at("DistributionConfig", "Logging", "Bucket"), BUCKET)
            if not bucket:
                continue
            rules = as_maps(bucket.at("OwnershipControls", "Rules"))
            if all(rule.get("ObjectOwnership") == "BucketOwnerEnforced" for rule in rules):
                yield Broken(distribution, bucket, "DistributionConfig",
                             "its logs need ACLs, which the bucket has disabled")
