"""Buckets for load balancer logs."""

from collections.abc import Iterator

from tap.wiring.balancing import LOAD_BALANCER, attributes, is_application
from tap.wiring.facts import FACTS
from tap.wiring.graph import Resource, Stack
from tap.wiring.iam import BUCKET, policies
from tap.wiring.values import is_true

_FACTS = FACTS["load_balancer_logs"]


def log_buckets(stack: Stack) -> Iterator[tuple[Resource, Resource]]:
    """Yield each Application Load Balancer with the bucket in the template that it delivers logs to."""
    for balancer in stack.of_type(LOAD_BALANCER):
        given = attributes(balancer)
        for name in _FACTS["attributes"]:
            bucket = stack.named(given.get(f"{name}.bucket"), BUCKET, "BucketName")
            if bucket and is_true(given.get(f"{name}.enabled")) and is_application(balancer):
                yield balancer, bucket


def lets_deliver(policy: Resource) -> bool:
    """Whether a bucket policy allows, or may allow, load balancers to deliver logs."""
    found = policies(policy.at("PolicyDocument") or "")
    return (found.allow_service(_FACTS["services"], "s3:PutObject")
            or found.allow_account(_FACTS["accounts"], "s3:PutObject"))
