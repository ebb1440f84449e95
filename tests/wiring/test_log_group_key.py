"""E9301."""

import pytest

PRINCIPAL = "{Service: !Sub 'logs.${AWS::Region}.amazonaws.com'}"
FINDING = (
    "E9301 `LogGroup` → `Key`: the key's policy does not allow kms:Decrypt, kms:GenerateDataKey for "
    "logs.REGION.amazonaws.com. Allow kms:Encrypt*, kms:Decrypt*, kms:ReEncrypt*, kms:GenerateDataKey* and "
    "kms:Describe* for it in the key's KeyPolicy.")


def test_a_key_that_does_not_let_logs_use_it_is_found(found):
    assert found((PRINCIPAL, "{Service: sns.amazonaws.com}")) == [FINDING]


def test_the_default_policy_of_a_key_does_not_let_logs_use_it(found):
    key = "\n  Plain:\n    Type: AWS::KMS::Key\n"
    assert found(("KmsKeyId: !GetAtt Key.Arn", "KmsKeyId: !GetAtt Plain.Arn"), add=key) == [
        FINDING.replace("`Key`", "`Plain`")]


@pytest.mark.parametrize("principal", [
    "{Service: logs.eu-central-1.amazonaws.com}", "{Service: [sns.amazonaws.com, logs.amazonaws.com]}",
    "{Service: !Sub 'logs.${Image}.amazonaws.com'}", "{AWS: '*'}", "!ImportValue principal"])
def test_a_grant_in_whatever_form_and_what_is_not_known_are_not_found(found, principal):
    assert found((PRINCIPAL, principal)) == []


@pytest.mark.parametrize("key", ["!ImportValue key", "!Ref Image", "!Sub 'arn:aws:kms:eu-west-1:123456789012:key/1'"])
def test_a_key_from_elsewhere_is_not_judged(found, key):
    assert found((PRINCIPAL, "{Service: sns.amazonaws.com}"), ("KmsKeyId: !GetAtt Key.Arn", f"KmsKeyId: {key}")) == []
