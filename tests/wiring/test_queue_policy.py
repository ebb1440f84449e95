"""W9204."""

import pytest

PRINCIPAL = "{Service: [sns.amazonaws.com, events.amazonaws.com]}"
MEND = "Add an AWS::SQS::QueuePolicy that allows sqs:SendMessage for the service."


def test_a_dead_letter_queue_that_does_not_let_sns_send_is_found(found):
    assert found((PRINCIPAL, "{Service: events.amazonaws.com}")) == [
        f"W9204 `Subscription` → `DeadLetters`: no policy allows sns.amazonaws.com to send to it. {MEND}"]


def test_a_queue_that_does_not_let_eventbridge_send_is_found(found):
    assert found((PRINCIPAL, "{Service: sns.amazonaws.com}")) == [
        f"W9204 `EventRule` → `DeadLetters`: no policy allows events.amazonaws.com to send to it. {MEND}"]


def test_a_policy_on_another_queue_is_none(found):
    other = "\n  Other:\n    Type: AWS::SQS::Queue\n"
    assert len(found(("Queues: [!Ref DeadLetters]", "Queues: [!Ref Other]"), add=other)) == 2


@pytest.mark.parametrize("principal", ["'*'", "{AWS: '*'}", "!ImportValue principals", "{Service: !Ref Image}"])
def test_principals_that_may_be_anyone_are_not_found(found, principal):
    assert found((PRINCIPAL, principal)) == []


def test_a_policy_on_queues_that_are_not_known_may_be_on_this_one(found):
    assert found(("Queues: [!Ref DeadLetters]", "Queues: [!ImportValue queue]")) == []


def test_what_eventbridge_sends_with_a_role_needs_no_policy(found):
    targets = "Targets: [{Id: queue, Arn: !GetAtt DeadLetters.Arn}]"
    assert found((PRINCIPAL, "{Service: sns.amazonaws.com}"),
                 (targets, targets.replace("}", ", RoleArn: !ImportValue role}"))) == []


def test_a_queue_that_an_output_identifies_may_have_its_policy_in_another_stack(found):
    output = "\nOutputs:\n  Queue: {Value: !Ref DeadLetters, Export: {Name: queue}}\n"
    assert found((PRINCIPAL, "{Service: ec2.amazonaws.com}"), add=output) == []
