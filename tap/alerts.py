"""Alerts: the topics that notify people, their policies, and the queue for undelivered notifications."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from awacs import sns, sqs
from awacs.aws import Action, ArnEquals, Condition
from troposphere import AWSHelperFn, Equals, Not, Parameter, Sub, Template
from troposphere.cloudwatch import Alarm
from troposphere.events import DeadLetterConfig, InputTransformer, Rule, Target
from troposphere.sns import SubscriptionResource, Topic, TopicPolicy
from troposphere.sqs import Queue, QueuePolicy

from tap.keys import EVENT_PUBLISHER, PUBLISHERS, Keys
from tap.parts import (
    add_email,
    add_parameter,
    add_switch,
    admit,
    of_this_account,
    only_if,
    policy,
    refuse_plain_http,
    suppress,
)
from tap.watched import metric

FORTNIGHT = 14 * 24 * 3600
HAS_PAGER = "HasPagerTopicArn"
RUNBOOK = "RunbookUrl"


class Alerts(NamedTuple):
    """What other tiers need to add alarms and rules."""

    template: Template
    topic: Topic
    fallback: Queue
    detailed: str
    """The condition for the alarms that DetailedAlarms adds."""
    pager: AWSHelperFn
    """ARN of the on-call topic; used only under HAS_PAGER."""

    def add_alarm(
            self, title: str, description: str, watched: dict[str, Any], threshold: float | AWSHelperFn, *,
            periods: int = 1, datapoints: int | None = None, below: bool = False, missing: str = "notBreaching",
            is_critical: bool = False, **attributes: Any) -> Alarm:
        """Add an alarm that notifies the topic at or above a threshold, or below it with `below`; return the alarm.

        `watched` comes from `tap.watched`. The alarm triggers when `datapoints` of the last `periods`, by default all
        of them, breach the threshold. A critical alarm also notifies the on-call topic, and again when it recovers.
        """
        calls = {"OKActions": only_if(HAS_PAGER, [self.pager])} if is_critical else {}
        return self.template.add_resource(alarm(
            title, description, watched, threshold, periods, datapoints, below=below, missing=missing,
            AlarmActions=self.critical_actions if is_critical else [self.topic.ref()], **calls, **attributes))

    def add_rule(
            self, title: str, description: str, pattern: dict[str, Any], text: str, paths: Mapping[str, str],
            **attributes: Any) -> Rule:
        """Add a rule that publishes events to the topic as a line, with the fallback queue for failed deliveries.

        `text` contains names in angle brackets; `paths` maps each to a JSON path in the event. A name whose path does
        not exist is left out: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-transform-target-input.html
        """
        return self.template.add_resource(Rule(
            title, Description=description, EventPattern=pattern, Targets=[Target(
                Id="Alerts", Arn=self.topic.ref(),
                InputTransformer=InputTransformer(InputPathsMap=dict(paths), InputTemplate=Sub(f'"{text}"')),
                DeadLetterConfig=DeadLetterConfig(Arn=self.fallback.get_att("Arn")))], **attributes))

    @property
    def critical_actions(self) -> list[AWSHelperFn]:
        """Actions of a critical alarm: the alerts topic and the on-call topic."""
        return [self.topic.ref(), only_if(HAS_PAGER, self.pager)]


def alarm(
        title: str, description: str, watched: dict[str, Any], threshold: float | AWSHelperFn, periods: int,
        datapoints: int | None = None, *, below: bool = False, missing: str = "notBreaching",
        **attributes: Any) -> Alarm:
    """Return an alarm whose description links to its section of the runbook."""
    if datapoints:
        attributes["DatapointsToAlarm"] = datapoints
    return Alarm(
        title, AlarmDescription=Sub(f"{description}. What to do: ${{{RUNBOOK}}}#{title.lower()}"), **watched,
        EvaluationPeriods=periods,
        ComparisonOperator="LessThanThreshold" if below else "GreaterThanOrEqualToThreshold",
        Threshold=threshold, TreatMissingData=missing, **attributes)


def add_alerts(t: Template, keys: Keys) -> Alerts:
    """Add the topics with their policies, an email subscription if an address is given, and the fallback queue."""
    email = add_email(t, "Alerts", "Alert email", "AlertEmail",
                      "Email address for alerts; empty for none. AWS sends two confirmation requests: accept both.")
    has_email = t.add_condition("HasAlertEmail", Not(Equals(email.ref(), "")))
    pager = add_parameter(t, "Alerts", "On-call topic", Parameter(
        "PagerTopicArn", Type="String", Default="",
        AllowedPattern=r"(arn:aws[a-z-]*:sns:[a-z0-9-]+:[0-9]{12}:[A-Za-z0-9_-]{1,256})?",
        ConstraintDescription="must be the ARN of an SNS topic, or empty",
        Description="ARN of an SNS topic in the stack's region that also receives critical alarms, such as the on-call "
                    "team's; empty for none. The topic's policy and key must allow CloudWatch."))
    t.add_condition(HAS_PAGER, Not(Equals(pager.ref(), "")))
    add_parameter(t, "Alerts", "Runbook", Parameter(
        RUNBOOK, Type="String", Default="docs/runbook.md", AllowedPattern="[!-~]{1,200}",
        ConstraintDescription="must be a URL or path of up to 200 characters without spaces",
        Description="URL of the runbook, which explains what to do about each alarm. Alarms and dashboard link to it."))
    detailed = add_switch(
        t, "Alerts", "Detailed alarms", "DetailedAlarms", "true",
        "Add alarms on every tier to the alarms on what visitors notice.")

    topic = t.add_resource(Topic(
        "AlertsTopic", DisplayName=Sub("Critical Alerts - ${Environment}"), KmsMasterKeyId=keys.arn(keys.operations)))
    t.add_resource(TopicPolicy("AlertsTopicPolicy", Topics=[topic.ref()], PolicyDocument=policy(
        admit(PUBLISHERS, [sns.Publish], topic.ref(), condition=of_this_account()),
        # No condition: with one, EventBridge could not publish.
        admit(EVENT_PUBLISHER, [sns.Publish], topic.ref()),
        refuse_plain_http([sns.Publish], topic.ref()))))
    # Reports that alerts reach nobody. It shares neither topic nor key with them, so they do not fail together.
    path_topic = t.add_resource(Topic("AlertPathTopic", DisplayName=Sub("Alert delivery - ${Environment}")))
    suppress(path_topic, {"CKV_AWS_26": "Reports the state of one alarm, even without the alerts' key"})
    t.add_resource(TopicPolicy("AlertPathTopicPolicy", Topics=[path_topic.ref()], PolicyDocument=policy(
        admit("cloudwatch.amazonaws.com", [sns.Publish], path_topic.ref(), condition=of_this_account()),
        refuse_plain_http([sns.Publish], path_topic.ref()))))
    fallback = t.add_resource(Queue(
        # Encrypted with SQS's own key, so it does not depend on the topic's key.
        "AlertsFallbackQueue", DeletionPolicy="Delete", UpdateReplacePolicy="Delete",
        MessageRetentionPeriod=FORTNIGHT, SqsManagedSseEnabled=True))
    suppress(fallback, {"CKV_AWS_27": "Encrypted with SQS's own key, independent of the topic's key"})
    t.add_resource(QueuePolicy("AlertsFallbackQueuePolicy", Queues=[fallback.ref()], PolicyDocument=policy(
        admit("sns.amazonaws.com", [sqs.SendMessage], fallback.get_att("Arn"), condition=Condition(
            ArnEquals({"aws:SourceArn": topic.ref()}))),
        # The rules refer to this queue, so its policy cannot refer to them.
        admit(EVENT_PUBLISHER, [sqs.SendMessage], fallback.get_att("Arn"), condition=of_this_account()),
        refuse_plain_http([Action("sqs", "*")], fallback.get_att("Arn")))))
    # CloudFormation cannot require authentication to unsubscribe: the subscriber decides that in ConfirmSubscription.
    # `tap doctor` explains how.
    # https://docs.aws.amazon.com/sns/latest/api/API_ConfirmSubscription.html
    t.add_resource(SubscriptionResource(
        "AlertsSubscription", Condition=has_email, TopicArn=topic.ref(), Protocol="email",
        Endpoint=email.ref(), RedrivePolicy={"deadLetterTargetArn": fallback.get_att("Arn")}))
    t.add_resource(SubscriptionResource(
        "AlertPathSubscription", Condition=has_email, TopicArn=path_topic.ref(), Protocol="email",
        Endpoint=email.ref()))

    t.add_resource(alarm(
        "UndeliveredAlertsAlarm", "Undelivered alerts are waiting in the fallback queue",
        metric("AWS/SQS", "ApproximateNumberOfMessagesVisible",
               {"QueueName": fallback.get_att("QueueName")}, "Maximum"), 1, 1,
        AlarmActions=[path_topic.ref(), only_if(HAS_PAGER, pager.ref())]))
    return Alerts(t, topic, fallback, detailed, pager.ref())
