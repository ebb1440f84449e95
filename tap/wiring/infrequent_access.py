"""E9404: lifecycle transition to Infrequent Access before 30 days."""

from collections.abc import Iterator, Mapping
from typing import Any

from tap.wiring.facts import FACTS
from tap.wiring.graph import Stack
from tap.wiring.iam import BUCKET
from tap.wiring.rule import Broken, WiringRule
from tap.wiring.values import as_maps, number

_FACTS = FACTS["infrequent_access"]
# Where transitions are in a lifecycle rule, and what their age is called there.
_TRANSITIONS = {
    "Transition": "TransitionInDays", "Transitions": "TransitionInDays",
    "NoncurrentVersionTransition": "TransitionInDays", "NoncurrentVersionTransitions": "TransitionInDays"}


class InfrequentAccess(WiringRule):
    """Objects can move to Infrequent Access after 30 days at the earliest."""

    id = "E9404"
    shortdesc = "Lifecycle transition to Infrequent Access before 30 days"
    description = (
        "S3 rejects a lifecycle rule that moves objects to STANDARD_IA or ONEZONE_IA before they are 30 days old.")
    source_url = _FACTS["source"]
    error = "'Days' in Transition action must be greater than or equal to 30 for storageClass 'STANDARD_IA'"
    fix = "Set TransitionInDays to 30 or more."
    types = (BUCKET,)

    def broken(self, stack: Stack) -> Iterator[Broken]:
        """Yield buckets with a transition that is too early."""
        for bucket in stack.of_type(BUCKET):
            for rule in as_maps(bucket.at("LifecycleConfiguration", "Rules")):
                for storage, days in _transitions(rule):
                    if rule.get("Status") != "Disabled" and days is not None and days < _FACTS["days"]:
                        yield Broken(bucket, storage, "LifecycleConfiguration",
                                     f"a transition after {days} days is too early")


def _transitions(rule: Mapping[str, Any]) -> Iterator[tuple[str, int | None]]:
    for name, age in _TRANSITIONS.items():
        for transition in as_maps(rule.get(name)):
            if transition.get("StorageClass") in _FACTS["classes"]:
                yield str(transition["StorageClass"]), number(transition.get(age))
