"""The alerts: who is told, who may tell, and what becomes of an alert that reaches nobody."""

import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from looping import some
from stack_view import StackView, statements_of

from tap.template.resolve import Reference

Deployed = Callable[..., StackView]
TOPIC, PATH_TOPIC = Reference("AlertsTopic"), Reference("AlertPathTopic")
FALLBACK = Reference("AlertsFallbackQueue", "Arn")


@pytest.mark.parametrize("address", ["", "ops@payments.test"])
def test_an_address_is_subscribed_to_both_topics_only_where_one_is_given(deployed: Deployed, address: str) -> None:
    stack = deployed(AlertEmail=address)
    assert list(stack.all("AWS::SNS::Subscription").values()) == ([
        {"TopicArn": TOPIC, "Protocol": "email", "Endpoint": address,
         "RedrivePolicy": {"deadLetterTargetArn": FALLBACK}},
        {"TopicArn": PATH_TOPIC, "Protocol": "email", "Endpoint": address}] if address else [])


def test_the_topics_say_of_which_environment_their_alerts_are(stack: StackView) -> None:
    environment = stack.parameter("Environment")
    assert [topic["DisplayName"] for topic in stack.all("AWS::SNS::Topic").values()] == [
        f"Critical Alerts - {environment}", f"Alert delivery - {environment}"]


def allowed(stack: StackView, title: str) -> list[dict[str, Any]]:
    return [s for s in statements_of(stack.properties(title)["PolicyDocument"]) if s["Effect"] == "Allow"]


def test_alarms_and_budgets_of_this_account_and_events_may_publish_and_nobody_else(stack: StackView) -> None:
    assert stack.properties("AlertsTopicPolicy")["Topics"] == [TOPIC]
    assert allowed(stack, "AlertsTopicPolicy") == [
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


def test_what_tells_that_alerts_reach_nobody_has_neither_topic_nor_key_in_common_with_them(stack: StackView) -> None:
    assert stack.properties("UndeliveredAlertsAlarm")["AlarmActions"] == [PATH_TOPIC]
    assert "KmsMasterKeyId" not in stack.properties("AlertPathTopic")
    assert "KmsMasterKeyId" not in stack.properties("AlertsFallbackQueue")
    assert stack.properties("AlertsFallbackQueue")["SqsManagedSseEnabled"] is True
    assert stack.properties("AlertPathTopicPolicy")["Topics"] == [PATH_TOPIC]
    assert allowed(stack, "AlertPathTopicPolicy") == [
        {"Effect": "Allow", "Principal": {"Service": "cloudwatch.amazonaws.com"}, "Action": ["sns:Publish"],
         "Resource": [PATH_TOPIC], "Condition": {"StringEquals": {"aws:SourceAccount": "123456789012"}}}]


def test_failed_deployments_of_the_service_reach_the_topic(stack: StackView) -> None:
    rule = stack.properties("DeploymentFailedRule")
    assert rule["EventPattern"] == {
        "source": ["aws.ecs"], "detail-type": ["ECS Deployment State Change"],
        "resources": [Reference("Service")], "detail": {"eventName": ["SERVICE_DEPLOYMENT_FAILED"]}}


def test_tasks_that_do_not_start_reach_the_topic(stack: StackView) -> None:
    assert stack.properties("ServiceActionRule")["EventPattern"] == {
        "source": ["aws.ecs"], "detail-type": ["ECS Service Action"], "resources": [Reference("Service")],
        "detail": {"eventType": ["WARN", "ERROR"]}}


def test_the_database_and_its_instances_are_listened_to(stack: StackView) -> None:
    pattern = stack.properties("DatabaseEventRule")["EventPattern"]
    assert pattern["source"] == ["aws.rds"]
    assert pattern["detail-type"] == ["RDS DB Cluster Event", "RDS DB Instance Event"]
    watched = {name for name in pattern["detail"]["SourceIdentifier"] if isinstance(name, Reference)}
    assert {name.logical_id for name in watched} == {
        *stack.all("AWS::RDS::DBCluster"), *stack.all("AWS::RDS::DBInstance")}


@pytest.mark.parametrize(("event", "is_told"), [
    ("RDS-EVENT-0073", True),  # failover to another zone
    ("RDS-EVENT-0004", True),  # shutdown
    ("RDS-EVENT-0419", True),  # key not accessible
    ("RDS-EVENT-0067", True),  # password not reset
    ("RDS-EVENT-0227", True),  # little storage left
    ("RDS-EVENT-0001", False),  # backup begun
    # A pause and its end: https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/USER_Events.Messages.html
    *((f"RDS-EVENT-0{number}", False) for number in (370, 371, 372, 373, 374))])
def test_people_are_told_of_what_makes_the_database_unavailable_and_of_no_pause(
        stack: StackView, event: str, is_told: bool) -> None:
    told = stack.properties("DatabaseEventRule")["EventPattern"]["detail"]
    assert (event in told["EventID"]) == is_told
    assert "EventCategories" not in told


def test_failed_backups_copies_and_restores_reach_the_topic_where_there_are_backups(deployed: Deployed) -> None:
    assert "BackupFailedRule" not in deployed(Backups="false").resolved.resources
    pattern = deployed(Backups="true").properties("BackupFailedRule")["EventPattern"]
    assert pattern["detail-type"] == [f"{kind} Job State Change" for kind in ("Backup", "Copy", "Restore")]
    *of_the_stack, restores = pattern["detail"]["$or"]
    assert restores == {"status": ["ABORTED", "EXPIRED", "FAILED", "PARTIAL"]}
    assert of_the_stack == [
        {"state": restores["status"], "iamRoleArn": [Reference("BackupRole", "Arn")]},
        {"state": restores["status"], "resourceArn": [
            Reference("DatabaseCluster", "DBClusterArn"), Reference("SessionsTable", "Arn")]}]


def test_events_that_the_topic_does_not_take_wait_in_the_fallback_queue(stack: StackView) -> None:
    for rule in some(stack.all("AWS::Events::Rule").values()):  # the committed environments have no probe
        (target,) = rule["Targets"]
        assert (target["Arn"], target["DeadLetterConfig"]) == (TOPIC, {"Arn": FALLBACK})


def test_an_event_is_one_line_that_names_its_environment_and_needs_no_more_than_its_paths(stack: StackView) -> None:
    # https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-transform-target-input.html
    for title, rule in some(stack.all("AWS::Events::Rule").items()):
        transformer = rule["Targets"][0]["InputTransformer"]
        text = json.loads(str(transformer["InputTemplate"]))
        assert text.startswith(f"{stack.parameter('Environment')}: "), title
        assert "\n" not in text
        assert set(re.findall("<([a-z]+)>", text)) <= set(transformer["InputPathsMap"])
        assert all(path.startswith("$.") for path in transformer["InputPathsMap"].values())
