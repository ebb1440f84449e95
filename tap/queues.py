"""Application queues: encrypted, TLS only, each with a dead-letter queue."""

from typing import Any, NamedTuple

from awacs import kms, sqs
from awacs.aws import Action, Statement
from troposphere import If, Template
from troposphere.sqs import Queue, QueuePolicy, RedrivePolicy

from tap.alerts import FORTNIGHT
from tap.keys import Keys
from tap.parts import NO_VALUE, allow, policy, refuse_plain_http

# Deliveries of a message before it moves to the dead-letter queue, and seconds per delivery.
DELIVERIES, SECONDS = 5, 120


class AppQueue(NamedTuple):
    """A queue and its dead-letter queue."""

    queue: Queue
    failures: Queue
    keys: Keys

    def send(self) -> list[Statement]:
        """Return the permissions to send messages."""
        return send_to(self.queue, self.keys)

    def send_and_process(self) -> list[Statement]:
        """Return the permissions to send, receive and delete messages."""
        return [allow([sqs.ChangeMessageVisibility, sqs.DeleteMessage, sqs.GetQueueAttributes, sqs.ReceiveMessage,
                       sqs.SendMessage], self.queue.get_att("Arn")), _use_key(self.keys)]


def send_to(queue: Queue, keys: Keys) -> list[Statement]:
    """Return the permissions to send messages to a queue."""
    return [allow([sqs.SendMessage], queue.get_att("Arn")), _use_key(keys)]


def _use_key(keys: Keys) -> Statement:
    # https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-key-management.html
    return keys.use(keys.data, "sqs", actions=[kms.Decrypt, kms.GenerateDataKey])


def add_queue(t: Template, keys: Keys, title: str, **attributes: Any) -> AppQueue:
    """Add `<title>Queue` with its dead-letter queue, `<title>Failures`; attributes, such as Condition, are both's."""
    failures = add_single_queue(t, keys, f"{title}Failures", **attributes)
    queue = add_single_queue(
        t, keys, f"{title}Queue", VisibilityTimeout=SECONDS, RedrivePolicy=RedrivePolicy(
            deadLetterTargetArn=failures.get_att("Arn"), maxReceiveCount=DELIVERIES), **attributes)
    return AppQueue(queue, failures, keys)


def add_single_queue(t: Template, keys: Keys, title: str, **attributes: Any) -> Queue:
    """Add a queue without a dead-letter queue; attributes are properties of the queue, or Condition."""
    queue = t.add_resource(Queue(
        title, DeletionPolicy="Delete", UpdateReplacePolicy="Delete", MessageRetentionPeriod=FORTNIGHT,
        KmsMasterKeyId=keys.arn(keys.data), SqsManagedSseEnabled=If(keys.condition, NO_VALUE, True), **attributes))
    there = {name: value for name, value in attributes.items() if name == "Condition"}
    t.add_resource(QueuePolicy(f"{title}Policy", Queues=[queue.ref()], PolicyDocument=policy(
        refuse_plain_http([Action("sqs", "*")], queue.get_att("Arn"))), **there))
    return queue
