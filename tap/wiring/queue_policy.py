"""W9204: queue or dead-letter queue whose policy does not allow SNS or EventBridge."""

from collections.abc import Iterator
from typing import Any

from tap.wiring.graph import Resource, Stack
from tap.wiring.iam import QUEUE, QUEUE_POLICIES, resource_policies
from tap.wiring.rule import Broken, WiringRule
from tap.wiring.values import as_maps, at

TOPIC = "AWS::SNS::Topic"
SUBSCRIPTION = "AWS::SNS::Subscription"
EVENT_RULE = "AWS::Events::Rule"


class QueuePolicy(WiringRule):
    """A queue's policy must allow SNS and EventBridge to send to it."""

    id = "W9204"
    shortdesc = "Queue or dead-letter queue whose policy does not allow SNS or EventBridge"
    description = (
        "SNS and EventBridge can send messages, and undelivered ones, to a queue only if its policy allows them. "
        "Otherwise messages are lost without an error.")
    source_url = "https://docs.aws.amazon.com/sns/latest/dg/sns-configure-dead-letter-queue.html"
    fix = "Add an AWS::SQS::QueuePolicy that allows sqs:SendMessage for the service."
    types = (QUEUE, *QUEUE_POLICIES, SUBSCRIPTION, EVENT_RULE, TOPIC)

    def broken(self, stack: Stack) -> Iterator[Broken]:
        """Yield topics' subscriptions and event rules whose queue does not accept them."""
        for source, place, service, value in senders(stack):
            queue = stack.target(value, QUEUE)
            if not queue or stack.is_shared(queue):
                continue
            if not resource_policies(stack, queue).allow_service([service], "sqs:SendMessage"):
                yield Broken(source, queue, place, f"no policy allows {service}.amazonaws.com to send to it")


def senders(stack: Stack) -> Iterator[tuple[Resource, str, str, Any]]:
    """Yield senders to queues: the resource, its property with the queue, the service, and the queue."""
    for subscription in stack.of_type(SUBSCRIPTION):
        if subscription.at("Protocol") == "sqs":
            yield subscription, "Endpoint", "sns", subscription.at("Endpoint")
        yield subscription, "RedrivePolicy", "sns", subscription.at("RedrivePolicy", "deadLetterTargetArn")
    for topic in stack.of_type(TOPIC):
        for entry in as_maps(topic.at("Subscription")):
            if entry.get("Protocol") == "sqs":
                yield topic, "Subscription", "sns", entry.get("Endpoint")
    for rule in stack.of_type(EVENT_RULE):
        for entry in as_maps(rule.at("Targets")):
            # With a role, EventBridge sends with that role instead.
            if "RoleArn" not in entry:
                yield rule, "Targets", "events", entry.get("Arn")
            yield rule, "Targets", "events", at(entry, "DeadLetterConfig", "Arn")
