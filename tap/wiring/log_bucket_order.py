"""E9305: load balancer that does not wait for the policy of its log bucket."""

from collections.abc import Iterator

from tap.wiring.balancing import LOAD_BALANCER
from tap.wiring.delivery import lets_deliver, log_buckets
from tap.wiring.graph import Stack
from tap.wiring.iam import BUCKET, BUCKET_POLICY, policies_on
from tap.wiring.rule import Broken, WiringRule


class LogBucketOrder(WiringRule):
    """The policy has to be on the bucket before the load balancer tries to write to it."""

    id = "E9305"
    shortdesc = "Load balancer that does not wait for the policy of its log bucket"
    description = (
        "A load balancer refers to its log bucket, not to the policy on that. Where it does not wait for the policy, "
        "CloudFormation may make it first, and the test of the bucket fails.")
    source_url = (
        "https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-attribute-dependson.html")
    error = "Access Denied for bucket: …. Please check S3bucket permission"
    fix = "Add DependsOn to the load balancer."
    types = (LOAD_BALANCER, BUCKET, BUCKET_POLICY)

    def broken(self, stack: Stack) -> Iterator[Broken]:
        """Yield load balancers that wait for none of the policies that let them deliver."""
        for balancer, bucket in log_buckets(stack):
            letting = [policy for policy in policies_on(stack, bucket) if lets_deliver(policy)]
            if letting and not any(stack.waits_for(balancer, policy) for policy in letting):
                yield Broken(balancer, letting[0], "LoadBalancerAttributes",
                             f"the load balancer does not wait for the policy of `{bucket.logical_id}`")
