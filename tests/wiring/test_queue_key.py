"""W9312."""

import pytest

KEY = """
  Key:
    Type: AWS::KMS::Key
    Properties:
      KeyPolicy:
        Version: '2012-10-17'
        Statement: [{Effect: Allow, Principal: PRINCIPAL, Action: ACTIONS, Resource: '*'}]
"""
OWN = "alias/aws/sqs", "!Ref Key"


def with_key(found_in_example, principal, actions="['kms:Decrypt', 'kms:GenerateDataKey*']"):
    return found_in_example("W9312", OWN, add=KEY.replace("PRINCIPAL", principal).replace("ACTIONS", actions))


def test_the_key_that_aws_manages_lets_no_service_send(found_in_example):
    [message] = found_in_example("W9312")
    assert message.startswith("W9312 `Rule` → `Queue`: alias/aws/sqs does not allow events.amazonaws.com to use it.")


@pytest.mark.parametrize(("principal", "actions", "missing"), [
    ("{Service: sns.amazonaws.com}", "'kms:*'", "kms:Decrypt, kms:GenerateDataKey"),
    ("{Service: events.amazonaws.com}", "'kms:Decrypt'", "kms:GenerateDataKey")])
def test_a_key_that_does_not_let_the_service_is_found(found_in_example, principal, actions, missing):
    [message] = with_key(found_in_example, principal, actions)
    assert message.startswith(
        f"W9312 `Rule` → `Queue`: the queue's key `Key` does not allow {missing} for events.amazonaws.com.")


@pytest.mark.parametrize("principal", ["{Service: events.amazonaws.com}", "'*'", "!ImportValue principal"])
def test_a_key_that_lets_it_or_whose_policy_is_not_known_is_not_found(found_in_example, principal):
    assert with_key(found_in_example, principal) == []


def test_a_key_from_elsewhere_is_not_judged(found_in_example):
    assert found_in_example("W9312", ("alias/aws/sqs", "!ImportValue key")) == []
