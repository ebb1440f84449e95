"""E9305: load balancer that does not wait for the policy of its log bucket."""

from collections.abc import Iterator

from tap.wiring.balancing import LOAD_BALANCER
from tap.wiring.delivery import lets_deliver, log_buckets
from tap.wiring.graph import Stack
from tap.wiring.iam import BUCKET, BUCKET_POLICY, policies_on
from tap.wiring.rule import Broken, WiringRule


class LogBucketOrder(WiringRule):
    """The bucket policy must exist before the load balancer writes to the bucket."""

    id = "E9305"
    shortdesc = "Load balancer that does not wait for the policy of its log bucket"
    description = (
        "A load balancer refers to its log bucket, not to the bucket's policy. If it does not wait for the policy, "
        "CloudFormation may create it first, and its test write to the bucket fails.")
    source_url = (
        "https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-attribute-dependson.html")
    error = "Access Denied for bucket: …. Please check S3bucket permission"
    fix = "Add the bucket policy to the load balancer's DependsOn."
    types = (LOAD_BALANCER, BUCKET, BUCKET_POLICY)

    def broken(self, stack: Stack) -> Iterator[Broken]:
        """Yield load balancers that wait for none of the policies that let them deliver."""
        for balancer, bucket in log_buckets(stack):
            letting = [policy for policy in policies_on(stack, bucket) if lets_deliver(policy)]
            if letting and not any(stack.waits_for(balancer, policy) for policy in letting):
                yield Broken(balancer, letting[0], "LoadBalancerAttributes",
                             f"the load balancer does not wait for the policy of `{bucket.logical_id}`")
