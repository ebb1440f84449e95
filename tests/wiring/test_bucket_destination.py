"""E9409."""

import pytest

PRINCIPAL = "Principal: {Service: s3.amazonaws.com}"


def test_a_bucket_that_does_not_wait_for_the_policy_is_found(found_in_example):
    [message] = found_in_example("E9409")
    assert message.startswith("E9409 `Bucket` → `Policy`: the bucket does not wait for the policy on `Queue`.")


@pytest.mark.parametrize("change", [
    (PRINCIPAL, "Principal: {Service: sns.amazonaws.com}"), ("Action: sqs:SendMessage", "Action: sqs:ReceiveMessage"),
    ("Effect: Allow", "Effect: Deny")])
def test_a_queue_whose_policy_does_not_let_s3_send_is_found(found_in_example, change):
    [message] = found_in_example("E9409", change)
    assert message.startswith("E9409 `Bucket` → `Queue`: no policy allows sqs:SendMessage for s3.amazonaws.com.")


def test_a_topic_is_judged_as_well(found_in_example):
    [message] = found_in_example(
        "E9409", ("QueueConfigurations", "TopicConfigurations"), ("Queue: !GetAtt Queue.Arn", "Topic: !Ref Topic"),
        add="  Topic:\n    Type: AWS::SNS::Topic\n")
    assert message.startswith("E9409 `Bucket` → `Topic`: no policy allows sns:Publish for s3.amazonaws.com.")


@pytest.mark.parametrize("change", [
    (", Queue: !GetAtt Queue.Arn", ", Queue: !ImportValue queue"),
    ("NotificationConfiguration:", "BucketName: !Ref Policy\n      NotificationConfiguration:")])
def test_another_destination_and_a_reference_to_the_policy_are_not_found(found_in_example, change):
    assert found_in_example("E9409", change) == []
