"""W9302."""

import pytest

PRINCIPAL = "{Service: cloudwatch.amazonaws.com}"
MEND = "Use a key whose KeyPolicy allows kms:Decrypt and kms:GenerateDataKey* for cloudwatch.amazonaws.com."


def test_a_topic_of_alarms_whose_key_does_not_let_cloudwatch_use_it_is_found(found):
    assert found((PRINCIPAL, "{Service: sns.amazonaws.com}")) == [
        "W9302 `Alarm` → `Topic`: the topic's key `Key` does not allow kms:Decrypt, kms:GenerateDataKey for "
        f"cloudwatch.amazonaws.com. {MEND}"]


def test_the_key_that_aws_manages_does_not_let_cloudwatch_use_it(found):
    assert found(("KmsMasterKeyId: !Ref KeyAlias", "KmsMasterKeyId: alias/aws/sns")) == [
        f"W9302 `Alarm` → `Topic`: the topic's key is alias/aws/sns, which CloudWatch may not use. {MEND}"]


@pytest.mark.parametrize("change", [
    ("{KmsMasterKeyId: !Ref KeyAlias}", "{DisplayName: Alarms}"),
    ("AlarmActions: [!Ref Topic]", "AlarmActions: [!ImportValue topic]"),
    ("AlarmActions: [!Ref Topic]", "ActionsEnabled: false"),
    ("KmsMasterKeyId: !Ref KeyAlias", "KmsMasterKeyId: !ImportValue key"),
])
def test_other_topics_and_keys_are_not_judged(found, change):
    assert found((PRINCIPAL, "{Service: sns.amazonaws.com}"), change) == []


def test_an_alias_by_its_name_is_followed(found):
    named = "KmsMasterKeyId: !Ref KeyAlias", "KmsMasterKeyId: alias/good"
    assert found(named) == []
    assert len(found(named, (PRINCIPAL, "{Service: sns.amazonaws.com}"))) == 1
