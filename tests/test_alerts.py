"""The alerts: who is told, who may tell, and what becomes of an alert that reaches nobody."""

from collections.abc import Callable

import pytest
from stack_view import StackView, statements_of

from tap.template.resolve import Reference

Deployed = Callable[..., StackView]
TOPIC = Reference("AlertsTopic")
FALLBACK = Reference("AlertsFallbackQueue", "Arn")


@pytest.mark.parametrize("address", ["", "ops@payments.test"])
def test_an_address_is_subscribed_only_where_one_is_given(deployed: Deployed, address: str) -> None:
    stack = deployed(AlertEmail=address)
    assert list(stack.all("AWS::SNS::Subscription").values()) == ([{
        "TopicArn": TOPIC, "Protocol": "email", "Endpoint": address,
        "RedrivePolicy": {"deadLetterTargetArn": FALLBACK}}] if address else [])


def test_the_topic_says_of_which_environment_its_alerts_are(stack: StackView) -> None:
    topic = stack.only("AWS::SNS::Topic")
    assert topic["DisplayName"] == f"Critical Alerts - {stack.parameter('Environment')}"


def test_alarms_and_budgets_of_this_account_and_events_may_publish_and_nobody_else(stack: StackView) -> None:
    policy = stack.only("AWS::SNS::TopicPolicy")
    allowed = [s for s in statements_of(policy["PolicyDocument"]) if s["Effect"] == "Allow"]
    assert policy["Topics"] == [TOPIC]
    assert allowed == [
        {"Effect": "Allow", "Principal": {"Service": ["cloudwatch.amazonaws.com", "budgets.amazonaws.com"]},
         "Action": ["sns:Publish"], "Resource": [TOPIC],
         "Condition": {"StringEquals": {"aws:SourceAccount": "123456789012"}}},
        # EventBridge satisfies no condition here.
        {"Effect": "Allow", "Principal": {"Service": "events.amazonaws.com"},
         "Action": ["sns:Publish"], "Resource": [TOPIC]}]


@pytest.mark.parametrize("kind", ["AWS::SNS::TopicPolicy", "AWS::SQS::QueuePolicy"])
def test_topic_and_queues_refuse_plain_http(stack: StackView, kind: str) -> None:
    policies = stack.all(kind)
    assert policies
    for policy in policies.values():
        (refused,) = [s for s in statements_of(policy["PolicyDocument"]) if s["Effect"] == "Deny"]
        assert refused["Principal"] == "*"
        assert refused["Condition"] == {"Bool": {"aws:SecureTransport": False}}


def test_every_queue_has_a_policy(stack: StackView) -> None:
    covered = [queue.logical_id for policy in stack.all("AWS::SQS::QueuePolicy").values() for queue in policy["Queues"]]
    assert sorted(covered) == sorted(stack.all("AWS::SQS::Queue"))


def test_the_topic_and_the_rules_may_put_into_the_fallback_queue_and_nobody_else(stack: StackView) -> None:
    policy = stack.properties("AlertsFallbackQueuePolicy")["PolicyDocument"]
    allowed = {s["Principal"]["Service"]: s["Condition"] for s in statements_of(policy) if s["Effect"] == "Allow"}
    assert allowed == {
        "sns.amazonaws.com": {"ArnEquals": {"aws:SourceArn": TOPIC}},
        "events.amazonaws.com": {"StringEquals": {"aws:SourceAccount": "123456789012"}}}


def test_alerts_that_reached_nobody_ring_an_alarm(stack: StackView) -> None:
    alarm = stack.properties("UndeliveredAlertsAlarm")
    assert alarm["MetricName"] == "ApproximateNumberOfMessagesVisible"
    assert alarm["Dimensions"] == [{"Name": "QueueName", "Value": Reference("AlertsFallbackQueue", "QueueName")}]
    assert alarm["Threshold"] == 1


def test_failed_deployments_of_the_service_reach_the_topic(stack: StackView) -> None:
    rule = stack.properties("DeploymentFailedRule")
    assert rule["EventPattern"] == {
        "source": ["aws.ecs"], "detail-type": ["ECS Deployment State Change"],
        "resources": [Reference("Service")], "detail": {"eventName": ["SERVICE_DEPLOYMENT_FAILED"]}}


def test_failures_of_the_database_and_its_instances_reach_the_topic(stack: StackView) -> None:
    pattern = stack.properties("DatabaseEventRule")["EventPattern"]
    assert pattern["source"] == ["aws.rds"]
    assert pattern["detail-type"] == ["RDS DB Cluster Event", "RDS DB Instance Event"]
    assert {"failover", "failure"} <= set(pattern["detail"]["EventCategories"])
    watched = {name for name in pattern["detail"]["SourceIdentifier"] if isinstance(name, Reference)}
    assert {name.logical_id for name in watched} == {
        *stack.all("AWS::RDS::DBCluster"), *stack.all("AWS::RDS::DBInstance")}


def test_events_that_the_topic_does_not_take_wait_in_the_fallback_queue(stack: StackView) -> None:
    for rule in stack.all("AWS::Events::Rule").values():
        assert rule["Targets"] == [{"Id": "Alerts", "Arn": TOPIC, "DeadLetterConfig": {"Arn": FALLBACK}}]
