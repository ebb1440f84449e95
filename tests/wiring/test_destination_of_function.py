"""E9203."""

import pytest

GRANT = "Statement: [{Effect: Allow, Action: 'sqs:SendMessage', Resource: !GetAtt DeadLetters.Arn}]"
MEND = "Allow the action on the destination in a policy of the role."
CONFIG = """
  Config:
    Type: AWS::Lambda::EventInvokeConfig
    Properties:
      FunctionName: !Ref Function
      Qualifier: $LATEST
      DestinationConfig: {OnFailure: {Destination: !Ref Failures}}
  Failures:
    Type: AWS::SNS::Topic
"""


@pytest.mark.parametrize("grant", [
    "Statement: [{Effect: Allow, Action: 'sqs:ReceiveMessage', Resource: !GetAtt DeadLetters.Arn}]",
    "Statement: [{Effect: Allow, Action: 'sqs:SendMessage', Resource: !Ref Topic}]",
    "Statement: [{Effect: Deny, Action: 'sqs:SendMessage', Resource: !GetAtt DeadLetters.Arn}]",
])
def test_a_dead_letter_queue_that_the_role_may_not_send_to_is_found(found, grant):
    assert found((GRANT, grant)) == [
        f"E9203 `Function` → `DeadLetters`: the role `FunctionRole` lacks sqs:SendMessage on it. {MEND}"]


def test_a_destination_that_the_role_may_not_publish_to_is_found(found):
    assert found(add=CONFIG) == [
        f"E9203 `Config` → `Failures`: the role `FunctionRole` lacks sns:Publish on it. {MEND}"]


@pytest.mark.parametrize("grant", [
    "Statement: {Effect: Allow, Action: 'sqs:*', Resource: '*'}",
    "Statement: [{Effect: Allow, Action: ['SQS:Send*'], Resource: [!GetAtt DeadLetters.Arn]}]",
    "Statement: [{Effect: Allow, NotAction: 'iam:*', Resource: '*'}]",
    "Statement: [{Effect: Allow, Action: 'sqs:SendMessage', Resource: !Sub 'arn:aws:sqs:*:${AWS::AccountId}:*'}]",
    "Statement: [{Effect: Allow, Action: 'sqs:SendMessage', Resource: !Ref Image}]",
    "Statement: !ImportValue statements",
])
def test_a_grant_in_whatever_form_and_what_is_not_known_are_not_found(found, grant):
    assert found((GRANT, grant)) == []


def test_destinations_and_roles_from_elsewhere_are_not_judged(found):
    assert found(add=CONFIG.replace("!Ref Failures", "!ImportValue failures")) == []
    assert found(("Role: !GetAtt FunctionRole.Arn", "Role: !ImportValue role"), add=CONFIG) == []


def test_a_policy_on_the_queue_that_names_the_role_is_enough(found):
    principal = "Principal: {Service: [sns.amazonaws.com, events.amazonaws.com]}"
    named = "Principal: {Service: [sns.amazonaws.com, events.amazonaws.com], AWS: !GetAtt FunctionRole.Arn}"
    other = "Resource: !GetAtt DeadLetters.Arn}]", "Resource: !GetAtt LogBucket.Arn}]"
    assert len(found(other)) == 1
    assert found(other, (principal, named)) == []
