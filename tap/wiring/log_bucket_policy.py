"""E9304: bucket for load balancer logs whose policy does not allow their delivery."""

from collections.abc import Iterator

from tap.wiring.balancing import LOAD_BALANCER
from tap.wiring.delivery import lets_deliver, log_buckets
from tap.wiring.facts import FACTS
from tap.wiring.graph import Stack
from tap.wiring.iam import BUCKET, BUCKET_POLICY, policies_on
from tap.wiring.rule import Broken, WiringRule


class LogBucketPolicy(WiringRule):
    """The bucket's policy must allow load balancers to deliver logs."""

    id = "E9304"
    shortdesc = "Bucket for load balancer logs whose policy does not allow their delivery"
    description = (
        "Elastic Load Balancing writes a test file to the bucket when logging is enabled, and rejects the attribute if "
        "that fails.")
    source_url = FACTS["load_balancer_logs"]["source"]
    error = "Access Denied for bucket: …. Please check S3bucket permission"
    fix = "Allow s3:PutObject for logdelivery.elasticloadbalancing.amazonaws.com in the bucket's policy."
    types = (LOAD_BALANCER, BUCKET, BUCKET_POLICY)

    def broken(self, stack: Stack) -> Iterator[Broken]:
        """Yield load balancers whose bucket has no policy for them."""
        for balancer, bucket in log_buckets(stack):
            if not stack.is_handed_out(bucket) and not any(map(lets_deliver, policies_on(stack, bucket))):
                yield Broken(balancer, bucket, "LoadBalancerAttributes",
                             "no bucket policy allows the load balancer to deliver its logs")
