"""W9312: encrypted queue whose key does not allow SNS or EventBridge."""

from collections.abc import Iterator

from tap.wiring.facts import FACTS
from tap.wiring.graph import Stack
from tap.wiring.iam import ALIAS, KEY, QUEUE, key_of, key_policies
from tap.wiring.queue_policy import EVENT_RULE, SUBSCRIPTION, TOPIC, senders
from tap.wiring.rule import Broken, WiringRule

_FACTS = FACTS["queue_key"]


class QueueKey(WiringRule):
    """A service that sends to an encrypted queue must be allowed to use its key."""

    id = "W9312"
    shortdesc = "Encrypted queue whose key does not allow SNS or EventBridge"
    description = (
        "SNS and EventBridge can send to an encrypted queue only if the key's policy allows them. The AWS managed key "
        "for SQS (alias/aws/sqs) does not. Messages are lost without an error.")
    source_url = _FACTS["source"]
    fix = "Use SqsManagedSseEnabled, or a key that allows kms:Decrypt and kms:GenerateDataKey* for the service."
    types = (QUEUE, KEY, ALIAS, SUBSCRIPTION, TOPIC, EVENT_RULE)

    def broken(self, stack: Stack) -> Iterator[Broken]:
        """Yield subscriptions and event rules whose queue has a key that the service may not use."""
        for source, place, service, value in senders(stack):
            queue = stack.target(value, QUEUE)
            key_id = queue.at("KmsMasterKeyId") if queue else None
            key = key_of(stack, key_id)
            if queue and str(key_id).endswith(_FACTS["managed_alias"]):
                yield Broken(source, queue, place, f"{key_id} does not allow {service}.amazonaws.com to use it")
            elif queue and key and not stack.is_handed_out(key):
                missing = [action for action in _FACTS["actions"]
                           if not key_policies(key).allow_service([service], action)]
                if missing:
                    yield Broken(source, queue, place, f"the queue's key `{key.logical_id}` does not allow "
                                                       f"{', '.join(missing)} for {service}.amazonaws.com")
