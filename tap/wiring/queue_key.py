"""W9312: encrypted queue that its sender may not encrypt for."""

from collections.abc import Iterator

from tap.wiring.facts import FACTS
from tap.wiring.graph import Stack
from tap.wiring.iam import ALIAS, KEY, QUEUE, key_of, key_policies
from tap.wiring.queue_policy import EVENT_RULE, SUBSCRIPTION, TOPIC, senders
from tap.wiring.rule import Broken, WiringRule

_FACTS = FACTS["queue_key"]


class QueueKey(WiringRule):
    """A service that sends to an encrypted queue uses its key."""

    id = "W9312"
    shortdesc = "Encrypted queue whose key does not let SNS or EventBridge use it"
    description = (
        "SNS and EventBridge send to an encrypted queue only where the key's policy lets them. The key that AWS "
        "manages for SQS (alias/aws/sqs) does not. The messages are lost, and nothing says so.")
    source_url = _FACTS["source"]
    fix = "Use SqsManagedSseEnabled, or a key that allows kms:Decrypt and kms:GenerateDataKey* to the service."
    types = (QUEUE, KEY, ALIAS, SUBSCRIPTION, TOPIC, EVENT_RULE)

    def broken(self, stack: Stack) -> Iterator[Broken]:
        """Yield subscriptions and event rules whose queue has a key that the service may not use."""
        for source, place, service, value in senders(stack):
            queue = stack.target(value, QUEUE)
            key_id = queue.at("KmsMasterKeyId") if queue else None
            key = key_of(stack, key_id)
            if queue and str(key_id).endswith(_FACTS["managed_alias"]):
                yield Broken(source, queue, place, f"{key_id} does not let {service}.amazonaws.com use it")
            elif queue and key and not stack.is_handed_out(key):
                missing = [action for action in _FACTS["actions"]
                           if not key_policies(key).allow_service([service], action)]
                if missing:
                    yield Broken(source, queue, place, f"the queue's key `{key.logical_id}` does not allow "
                                 f"{', '.join(missing)} to {service}.amazonaws.com")
