"""Queues of the application: each with a dead-letter queue, encrypted, for TLS alone."""

from typing import Any, NamedTuple

from awacs import kms, sqs
from awacs.aws import Action, Statement
from troposphere import If, Template
from troposphere.sqs import Queue, QueuePolicy, RedrivePolicy

from tap.alerts import FORTNIGHT
from tap.keys import Keys
from tap.parts import NO_VALUE, allow, policy, refuse_plain_http

# Deliveries of a message before it goes to the dead-letter queue, and seconds that each one has.
DELIVERIES, SECONDS = 5, 120


class AppQueue(NamedTuple):
    """A queue, and where messages go that nobody could process."""

    queue: Queue
    failures: Queue
    keys: Keys

    def send(self) -> list[Statement]:
        """Return what a role needs to send messages."""
        return [allow([sqs.SendMessage], self.queue.get_att("Arn")), self._use_key()]

    def send_and_process(self) -> list[Statement]:
        """Return what a role needs to send messages, receive and delete them."""
        return [allow([sqs.ChangeMessageVisibility, sqs.DeleteMessage, sqs.GetQueueAttributes, sqs.ReceiveMessage,
                       sqs.SendMessage], self.queue.get_att("Arn")), self._use_key()]

    def _use_key(self) -> Statement:
        # https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-key-management.html
        return self.keys.use(self.keys.data, "sqs", actions=[kms.Decrypt, kms.GenerateDataKey])


def add_queue(t: Template, keys: Keys, title: str, **attributes: Any) -> AppQueue:
    """Add `<title>Queue` with its dead-letter queue, `<title>Failures`; attributes, such as Condition, are both's."""
    def add(name: str, **properties: Any) -> Queue:
        queue = t.add_resource(Queue(
            name, DeletionPolicy="Delete", UpdateReplacePolicy="Delete", MessageRetentionPeriod=FORTNIGHT,
            KmsMasterKeyId=keys.arn(keys.data), SqsManagedSseEnabled=If(keys.condition, NO_VALUE, True),
            **properties, **attributes))
        t.add_resource(QueuePolicy(f"{name}Policy", Queues=[queue.ref()], PolicyDocument=policy(
            refuse_plain_http([Action("sqs", "*")], queue.get_att("Arn"))), **attributes))
        return queue

    failures = add(f"{title}Failures")
    return AppQueue(add(f"{title}Queue", VisibilityTimeout=SECONDS, RedrivePolicy=RedrivePolicy(
        deadLetterTargetArn=failures.get_att("Arn"), maxReceiveCount=DELIVERIES)), failures, keys)
