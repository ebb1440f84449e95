"""E9409: bucket notification to a queue or topic whose policy does not let it, or comes later."""

from collections.abc import Iterator

from tap.wiring.graph import Resource, Stack
from tap.wiring.iam import BUCKET, QUEUE, QUEUE_POLICIES, TOPIC, TOPIC_POLICIES, policies, policies_on
from tap.wiring.rule import Broken, WiringRule
from tap.wiring.values import as_maps

# The list of notifications, the property with the destination, its type, and what S3 does there.
_DESTINATIONS = (("QueueConfigurations", "Queue", QUEUE, "sqs:SendMessage"),
                 ("TopicConfigurations", "Topic", TOPIC, "sns:Publish"))


class BucketDestination(WiringRule):
    """S3 validates the queue or topic of a notification."""

    id = "E9409"
    shortdesc = "Bucket notification to a queue or topic whose policy does not allow S3 to send, or is created later"
    description = (
        "S3 validates destinations when notifications are set and rejects those that it may not send to. Nothing in "
        "the bucket refers to the policy of the queue or topic.")
    source_url = "https://docs.aws.amazon.com/AmazonS3/latest/userguide/grant-destinations-permissions-to-s3.html"
    error = "Unable to validate the following destination configurations"
    fix = (
        "Allow the action for s3.amazonaws.com in the destination's policy, and add that policy to the bucket's "
        "DependsOn.")
    types = (BUCKET, QUEUE, TOPIC, *QUEUE_POLICIES, *TOPIC_POLICIES)

    def broken(self, stack: Stack) -> Iterator[Broken]:
        """Yield buckets that notify queues or topics without, or before, their policy."""
        for bucket in stack.of_type(BUCKET):
            for place, name, kind, action in _DESTINATIONS:
                for entry in as_maps(bucket.at("NotificationConfiguration", place)):
                    destination = stack.target(entry.get(name), kind)
                    if destination and not stack.is_handed_out(destination):
                        yield from _check(stack, bucket, destination, action)


def _check(stack: Stack, bucket: Resource, destination: Resource, action: str) -> Iterator[Broken]:
    allowing = [policy for policy in policies_on(stack, destination)
                if policies(policy.at("PolicyDocument") or "").allow_service(["s3"], action)]
    if not allowing:
        yield Broken(bucket, destination, "NotificationConfiguration", f"no policy allows {action} for "
                                                                       "s3.amazonaws.com")
    elif not any(stack.waits_for(bucket, policy) for policy in allowing):
        yield Broken(bucket, allowing[0], "NotificationConfiguration",
                     f"the bucket does not wait for the policy on `{destination.logical_id}`")
