"""The stack's own KMS keys, each with only the permissions that its purpose requires."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from awacs import kms
from awacs.aws import Action, Allow, ArnLike, Condition, Principal, Statement, StringEquals
from troposphere import If, Sub, Template
from troposphere.kms import Alias, Key

from tap.parts import add_switch, admit, allow, of_this_account, only_if, policy

USE = [kms.Decrypt, Action("kms", "GenerateDataKey*")]
# Services that publish to the alerts topic, which the operations key encrypts.
# https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html#compatibility-with-aws-services
PUBLISHERS = ["cloudwatch.amazonaws.com", "budgets.amazonaws.com"]
# EventBridge supports no condition in the statement that lets it publish to a topic.
# https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-use-resource-based.html#eb-sns-permissions
EVENT_PUBLISHER = "events.amazonaws.com"


class Keys(NamedTuple):
    """The keys for other tiers to use; AWS managed keys encrypt where these are switched off."""

    data: Key
    """Encrypts customer data: table, assets, the function's variables and failed events."""
    operations: Key
    """Encrypts operational data: logs and alerts."""
    condition: str

    def arn(self, key: Key) -> If:
        """Return a key's ARN for a property; `AWS::NoValue` where the keys are switched off."""
        return only_if(self.condition, key.get_att("Arn"))

    def use(self, key: Key, *services: str, actions: Sequence[Action]) -> Statement:
        """Return the permission to use a key through these AWS services only.

        Without keys of its own, the statement allows any key of the account, so that it is in place when the keys are
        switched on: table, bucket and queue use the key before CloudFormation updates the policies that refer to them.
        https://docs.aws.amazon.com/kms/latest/developerguide/conditions-kms.html#conditions-kms-via-service
        """
        via = [Sub(f"{service}.${{AWS::Region}}.amazonaws.com") for service in services]
        any_key = Sub("arn:${AWS::Partition}:kms:${AWS::Region}:${AWS::AccountId}:key/*")
        return allow(actions, If(self.condition, key.get_att("Arn"), any_key), condition=Condition(
            StringEquals({"kms:ViaService": via[0] if len(via) == 1 else via})))


def add_keys(t: Template) -> Keys:
    """Add the data key and the operations key, unless the parameter CustomerKeys is false."""
    condition = add_switch(
        t, "Environment", "Customer keys", "CustomerKeys", "true",
        "Encrypt with customer managed KMS keys of the stack, instead of AWS managed keys. The database always has its "
        "own key.")
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
        # Any distribution of the account, since naming this one would be a circular dependency: it refers to the
        # bucket, which refers to the key. The bucket policy allows this distribution only.
        # https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/private-content-restricting-access-to-s3.html
        admit("cloudfront.amazonaws.com", [kms.Decrypt], "*", condition=Condition(ArnLike({"aws:SourceArn": Sub(
            "arn:${AWS::Partition}:cloudfront::${AWS::AccountId}:distribution/*")}))),
        Condition=condition)
    return Keys(data, operations, condition)


def add_key(t: Template, purpose: str, *statements: Statement, **attributes: Any) -> Key:
    """Add `<purpose>Key`, rotated yearly, with an alias; statements allow AWS services to use it. Return the key."""
    key = t.add_resource(Key(
        f"{purpose}Key",
        # Kept, since data that outlives the stack cannot be decrypted without it.
        DeletionPolicy="RetainExceptOnCreate", UpdateReplacePolicy="Retain",
        EnableKeyRotation=True,
        # KMS rejects a policy that would prevent its caller from changing it later. The execution role may change it by
        # the key's tag, which does not exist yet; the account always may, by the first statement.
        # https://docs.aws.amazon.com/kms/latest/APIReference/API_CreateKey.html
        BypassPolicyLockoutSafetyCheck=True,
        KeyPolicy=policy(
            Statement(
                Effect=Allow,
                Principal=Principal("AWS", Sub("arn:${AWS::Partition}:iam::${AWS::AccountId}:root")),
                # Delegates to the account's IAM policies, as KMS recommends; `*` in a key policy means this key.
                # https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-default.html
                Action=[Action("kms", "*")], Resource=["*"]),
            *statements),
        **attributes))
    t.add_resource(Alias(
        f"{purpose}KeyAlias", AliasName=Sub(f"alias/${{AWS::StackName}}-{purpose.lower()}"), TargetKeyId=key.ref(),
        **attributes))
    return key
