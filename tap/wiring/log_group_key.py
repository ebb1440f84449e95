"""E9301: encrypted log group whose key does not allow CloudWatch Logs."""

from collections.abc import Iterator

from tap.wiring.facts import FACTS
from tap.wiring.graph import Stack
from tap.wiring.iam import ALIAS, KEY, key_of, key_policies
from tap.wiring.rule import Broken, WiringRule

LOG_GROUP = "AWS::Logs::LogGroup"
_FACTS = FACTS["log_group_key"]


class LogGroupKey(WiringRule):
    """The policy of a log group's key must allow CloudWatch Logs."""

    id = "E9301"
    shortdesc = "Encrypted log group whose key does not allow CloudWatch Logs"
    description = (
        "CloudWatch Logs uses a log group's key as a service, which the default key policy does not allow. It rejects "
        "the log group.")
    source_url = _FACTS["source"]
    error = "The specified KMS key does not exist or is not allowed to be used with Arn …"
    fix = (
        "Allow kms:Encrypt*, kms:Decrypt*, kms:ReEncrypt*, kms:GenerateDataKey* and kms:Describe* for it in the key's "
        "KeyPolicy.")
    types = (LOG_GROUP, KEY, ALIAS)

    def broken(self, stack: Stack) -> Iterator[Broken]:
        """Yield log groups with a key that Logs may not use."""
        for group in stack.of_type(LOG_GROUP):
            key = key_of(stack, group.at("KmsKeyId"))
            if not key or stack.is_handed_out(key):
                continue
            allowed = key_policies(key)
            missing = [action for action in _FACTS["actions"] if not allowed.allow_service([_FACTS["service"]], action)]
            if missing:
                yield Broken(group, key, "KmsKeyId",
                             f"the key's policy does not allow {', '.join(missing)} for logs.REGION.amazonaws.com")
