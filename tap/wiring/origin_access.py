"""W9311: bucket behind CloudFront whose policy does not allow reads."""

from collections.abc import Iterator

from tap.wiring.graph import Stack
from tap.wiring.iam import BUCKET, BUCKET_POLICY, resource_policies
from tap.wiring.rule import Broken, WiringRule
from tap.wiring.values import as_maps

DISTRIBUTION = "AWS::CloudFront::Distribution"


class OriginAccess(WiringRule):
    """Origin access control signs requests, which the bucket's policy must allow."""

    id = "W9311"
    shortdesc = "Bucket behind CloudFront's origin access control whose policy does not allow reads"
    description = (
        "With origin access control, CloudFront reads a bucket as a service, which the bucket's policy must allow. "
        "Otherwise every request gets 403 Access Denied.")
    source_url = (
        "https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/"
        "private-content-restricting-access-to-s3.html")
    fix = "Add an AWS::S3::BucketPolicy that allows s3:GetObject for cloudfront.amazonaws.com."
    types = (DISTRIBUTION, BUCKET, BUCKET_POLICY)

    def broken(self, stack: Stack) -> Iterator[Broken]:
        """Yield distributions with a bucket that they may not read."""
        for distribution in stack.of_type(DISTRIBUTION):
            for origin in as_maps(distribution.at("DistributionConfig", "Origins")):
                bucket = stack.target(origin.get("DomainName"), BUCKET)
                if bucket and origin.get("OriginAccessControlId") and not stack.is_shared(bucket) and not (
                        resource_policies(stack, bucket).allow_service(["cloudfront"], "s3:GetObject")):
                    yield Broken(distribution, bucket, "DistributionConfig",
                                 "no bucket policy allows s3:GetObject for cloudfront.amazonaws.com")
