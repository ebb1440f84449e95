"""E9310: bucket policy that does not allow the service that delivers the logs."""

from collections.abc import Iterator
from typing import Any

from tap.wiring.balancing import LOAD_BALANCER, attributes
from tap.wiring.facts import FACTS
from tap.wiring.graph import Resource, Stack
from tap.wiring.iam import BUCKET, BUCKET_POLICY, resource_policies
from tap.wiring.rule import Broken, WiringRule
from tap.wiring.values import is_true

TRAIL = "AWS::CloudTrail::Trail"
_FACTS = FACTS["log_principals"]


class LogPrincipal(WiringRule):
    """Each service delivers logs as its own principal."""

    id = "E9310"
    shortdesc = "Bucket policy that does not allow the service that delivers the logs"
    description = (
        "CloudTrail delivers as cloudtrail.amazonaws.com, a Network Load Balancer as delivery.logs.amazonaws.com. A "
        "bucket policy for another log delivery principal does not allow them, and the service checks that.")
    source_url = _FACTS["source"]
    error = "Incorrect S3 bucket policy is detected for bucket: … / Access Denied for bucket: …"
    fix = "Allow s3:PutObject for that principal in the bucket's policy."
    types = (TRAIL, LOAD_BALANCER, BUCKET, BUCKET_POLICY)

    def broken(self, stack: Stack) -> Iterator[Broken]:
        """Yield trails and network load balancers whose bucket does not let them deliver."""
        for source, place, value, service in _deliveries(stack):
            bucket = stack.named(value, BUCKET, "BucketName")
            if bucket and not stack.is_handed_out(bucket) and not (
                    resource_policies(stack, bucket).allow_service([service], "s3:PutObject")):
                yield Broken(source, bucket, place, f"no bucket policy allows s3:PutObject for {service}.amazonaws.com")


def _deliveries(stack: Stack) -> Iterator[tuple[Resource, str, Any, str]]:
    for trail in stack.of_type(TRAIL):
        yield trail, "S3BucketName", trail.at("S3BucketName"), _FACTS["trail"]
    for balancer in stack.of_type(LOAD_BALANCER):
        values = attributes(balancer)
        if balancer.at("Type") == "network" and is_true(values.get("access_logs.s3.enabled")):
            yield balancer, "LoadBalancerAttributes", values.get("access_logs.s3.bucket"), _FACTS["network_balancer"]
