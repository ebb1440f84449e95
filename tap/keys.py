"""The stack's own encryption keys, each with the grants that its purpose takes and no others."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from awacs import kms
from awacs.aws import Action, Allow, ArnLike, Condition, Principal, Statement, StringEquals
from troposphere import If, Sub, Template
from troposphere.kms import Alias, Key

from tap.parts import add_switch, admit, allow, of_this_account, only_if, policy

USE = [kms.Decrypt, Action("kms", "GenerateDataKey*")]
# Who publishes to the alerts topic, which is under the operations key.
# https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html#compatibility-with-aws-services
PUBLISHERS = ["cloudwatch.amazonaws.com", "budgets.amazonaws.com"]
# Takes no condition in what lets it publish to a topic.
# https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-use-resource-based.html#eb-sns-permissions
EVENT_PUBLISHER = "events.amazonaws.com"


class Keys(NamedTuple):
    """What the other tiers may use of the keys; where they are switched off, AWS's own keys encrypt."""

    data: Key
    """Encrypts what customers entrust: table, assets, the function's variables and failed events."""
    operations: Key
    """Encrypts what tells of it: logs and alerts."""
    condition: str

    def arn(self, key: Key) -> If:
        """Return the value of a property that names a key, absent where the keys are switched off."""
        return only_if(self.condition, key.get_att("Arn"))

    def use(self, key: Key, *services: str, actions: Sequence[Action]) -> Statement:
        """Return what a role needs to use a key through these services of AWS alone.

        It uses it with whatever the services let it do. Without keys the statement admits any key of the account, so
        that it is in place when they are switched on: then table, bucket and queue use the key before CloudFormation
        updates the policies, which name these.
        https://docs.aws.amazon.com/kms/latest/developerguide/conditions-kms.html#conditions-kms-via-service
        """
        via = [Sub(f"{service}.${{AWS::Region}}.amazonaws.com") for service in services]
        any_key = Sub("arn:${AWS::Partition}:kms:${AWS::Region}:${AWS::AccountId}:key/*")
        return allow(actions, If(self.condition, key.get_att("Arn"), any_key), condition=Condition(
            StringEquals({"kms:ViaService": via[0] if len(via) == 1 else via})))


def add_keys(t: Template) -> Keys:
    """Add the keys of data and of operations, which a parameter switches off."""
    condition = add_switch(
        t, "Environment", "Customer keys", "CustomerKeys", "true",
        "Encrypt under keys of the stack's own, instead of AWS's; the database always has its own.")
    logs = Sub("logs.${AWS::Region}.amazonaws.com")
    operations = add_key(
        t, "Operations",
        # https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/encrypt-log-data-kms.html
        admit(logs, [Action("kms", action) for action in (
            "Decrypt*", "Describe*", "Encrypt*", "GenerateDataKey*", "ReEncrypt*")], "*",
            condition=Condition(ArnLike({"kms:EncryptionContext:aws:logs:arn": Sub(
                "arn:${AWS::Partition}:logs:${AWS::Region}:${AWS::AccountId}:log-group:*")}))),
        admit(PUBLISHERS, USE, "*", condition=of_this_account()),
        admit(EVENT_PUBLISHER, USE, "*"),
        Condition=condition)
    data = add_key(
        t, "Data",
        # Any distribution of the account, since naming the one would be a circle: it names the bucket, which
        # names the key. The bucket's policy admits that one alone.
        # https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/private-content-restricting-access-to-s3.html
        admit("cloudfront.amazonaws.com", [kms.Decrypt], "*", condition=Condition(ArnLike({"aws:SourceArn": Sub(
            "arn:${AWS::Partition}:cloudfront::${AWS::AccountId}:distribution/*")}))),
        Condition=condition)
    return Keys(data, operations, condition)


def add_key(t: Template, purpose: str, *statements: Statement, **attributes: Any) -> Key:
    """Add `<purpose>Key`, rotated yearly, with an alias; statements let services of AWS use it."""
    key = t.add_resource(Key(
        f"{purpose}Key",
        # Kept with what it encrypts and the stack leaves behind, which nobody could read without it.
        DeletionPolicy="RetainExceptOnCreate", UpdateReplacePolicy="Retain",
        EnableKeyRotation=True,
        # KMS would otherwise refuse a caller who may not change the policy afterwards. The execution role may, by the
        # key's tag, which does not count yet; the account itself always may, by the first statement.
        # https://docs.aws.amazon.com/kms/latest/APIReference/API_CreateKey.html
        BypassPolicyLockoutSafetyCheck=True,
        KeyPolicy=policy(
            Statement(
                Effect=Allow,
                Principal=Principal("AWS", Sub("arn:${AWS::Partition}:iam::${AWS::AccountId}:root")),
                # The account's IAM policies decide, as KMS recommends; in a key policy `*` is the key itself.
                # https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-default.html
                Action=[Action("kms", "*")], Resource=["*"]),
            *statements),
        **attributes))
    t.add_resource(Alias(
        f"{purpose}KeyAlias", AliasName=Sub(f"alias/${{AWS::StackName}}-{purpose.lower()}"), TargetKeyId=key.ref(),
        **attributes))
    return key
