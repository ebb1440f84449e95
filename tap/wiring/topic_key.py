"""W9302: encrypted topic for alarms whose key does not allow CloudWatch."""

from collections.abc import Iterator

from tap.wiring.facts import FACTS
from tap.wiring.graph import Stack
from tap.wiring.iam import ALIAS, KEY, TOPIC, key_of, key_policies
from tap.wiring.rule import Broken, WiringRule
from tap.wiring.values import as_list

ALARMS = ("AWS::CloudWatch::Alarm", "AWS::CloudWatch::CompositeAlarm")
_FACTS = FACTS["topic_key"]


class TopicKey(WiringRule):
    """An alarm can publish to an encrypted topic only if it may use the topic's key."""

    id = "W9302"
    shortdesc = "Encrypted topic for alarms whose key does not allow CloudWatch"
    description = (
        "CloudWatch alarms publish as a service, which the topic's key must allow. The AWS managed key for SNS "
        "(alias/aws/sns) does not. Notifications are lost without an error.")
    source_url = _FACTS["source"]
    fix = "Use a key whose KeyPolicy allows kms:Decrypt and kms:GenerateDataKey* for cloudwatch.amazonaws.com."
    types = (TOPIC, *ALARMS, KEY, ALIAS)

    def broken(self, stack: Stack) -> Iterator[Broken]:
        """Yield alarms whose topic has a key that CloudWatch may not use."""
        for alarm in stack.of_type(*ALARMS):
            for place in ("AlarmActions", "OKActions", "InsufficientDataActions"):
                for value in as_list(alarm.at(place)):
                    topic = stack.target(value, TOPIC)
                    problem = self._problem(stack, topic.at("KmsMasterKeyId")) if topic else None
                    if topic and problem:
                        yield Broken(alarm, topic, place, problem)

    def _problem(self, stack: Stack, value: object) -> str | None:
        if value == _FACTS["managed_alias"]:
            return f"the topic's key is {value}, which CloudWatch may not use"
        key = key_of(stack, value)
        if not key or stack.is_handed_out(key):
            return None
        allowed = key_policies(key)
        missing = [action for action in _FACTS["actions"] if not allowed.allow_service([_FACTS["service"]], action)]
        if not missing:
            return None
        return f"the topic's key `{key.logical_id}` does not allow {', '.join(missing)} for cloudwatch.amazonaws.com"
