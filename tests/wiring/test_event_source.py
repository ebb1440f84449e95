"""E9207."""

import pytest


def test_a_queue_that_the_role_may_not_read_is_found(found_in_example):
    [message] = found_in_example("E9207")
    assert message.startswith(
        "E9207 `Source` → `Queue`: `Role` lacks sqs:ReceiveMessage, sqs:DeleteMessage, sqs:GetQueueAttributes.")


@pytest.mark.parametrize(("kind", "policy", "attribute"), [
    ("AWS::Kinesis::Stream", "AWSLambdaKinesisExecutionRole", "Arn"),
    ("AWS::DynamoDB::Table", "AWSLambdaDynamoDBExecutionRole", "StreamArn")])
def test_a_stream_needs_the_actions_of_its_service(found_in_example, kind, policy, attribute):
    stream = "    Type: AWS::SQS::Queue", f"    Type: {kind}\n    Properties: {{StreamSpecification: {{}}}}"
    source = "!GetAtt Queue.Arn", f"!GetAtt Queue.{attribute}"
    assert len(found_in_example("E9207", stream, source)) == 1
    assert found_in_example("E9207", stream, source, ("AWSLambdaBasicExecutionRole", policy)) == []


@pytest.mark.parametrize("change", [
    ("EventSourceArn: !GetAtt Queue.Arn", "EventSourceArn: !ImportValue queue"),
    ("Role: !GetAtt Role.Arn", "Role: !ImportValue role"), ("AWSLambdaBasicExecutionRole", "AdministratorAccess")])
def test_sources_roles_and_policies_from_elsewhere_are_not_judged(found_in_example, change):
    assert found_in_example("E9207", change) == []
