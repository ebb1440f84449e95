"""E9303: bucket for load balancer logs with a KMS key."""

from collections.abc import Iterator

from tap.wiring.balancing import LOAD_BALANCER
from tap.wiring.delivery import log_buckets
from tap.wiring.facts import FACTS
from tap.wiring.graph import Stack
from tap.wiring.iam import BUCKET
from tap.wiring.rule import Broken, WiringRule
from tap.wiring.values import as_maps, at


class LogBucketEncryption(WiringRule):
    """Load balancers deliver logs only to buckets with SSE-S3."""

    id = "E9303"
    shortdesc = "Bucket for load balancer logs with a KMS key"
    description = (
        "A bucket for Application Load Balancer logs supports only Amazon S3 managed keys (SSE-S3). With a KMS key, "
        "Elastic Load Balancing rejects the attribute access_logs.s3.enabled.")
    source_url = FACTS["load_balancer_logs"]["source"]
    error = "Access Denied for bucket: …. Please check S3bucket permission"
    fix = "Set SSEAlgorithm: AES256 on the bucket."
    types = (LOAD_BALANCER, BUCKET)

    def broken(self, stack: Stack) -> Iterator[Broken]:
        """Yield load balancers with an encrypted bucket."""
        for balancer, bucket in log_buckets(stack):
            for entry in as_maps(bucket.at("BucketEncryption", "ServerSideEncryptionConfiguration")):
                algorithm = at(entry, "ServerSideEncryptionByDefault", "SSEAlgorithm")
                if str(algorithm).startswith("aws:kms"):
                    yield Broken(balancer, bucket, "LoadBalancerAttributes",
                                 f"logs cannot be delivered to a bucket encrypted with {algorithm}")
