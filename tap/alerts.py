"""The alerts: the topic that tells people, who may publish to it, and where goes what it cannot deliver."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from awacs import sns, sqs
from awacs.aws import Action, ArnEquals, Condition
from troposphere import AWSHelperFn, Equals, If, Not, Sub, Template
from troposphere.cloudwatch import Alarm, Metric, MetricDataQuery, MetricDimension, MetricStat
from troposphere.events import DeadLetterConfig, Rule, Target
from troposphere.sns import SubscriptionResource, Topic, TopicPolicy
from troposphere.sqs import Queue, QueuePolicy

from tap.keys import EVENT_PUBLISHER, PUBLISHERS, Keys
from tap.parts import NO_VALUE, add_email, add_switch, admit, of_this_account, policy, refuse_plain_http

FIVE_MINUTES, FORTNIGHT = 300, 14 * 24 * 3600


class Alerts(NamedTuple):
    """What the other tiers need to tell people something."""

    template: Template
    topic: Topic
    fallback: Queue
    detailed: str
    """The condition that the alarms beyond the most needed are wanted."""

    def add_alarm(
            self, title: str, description: str, watched: dict[str, Any], threshold: float | AWSHelperFn, *,
            periods: int = 1, below: bool = False, **attributes: Any) -> Alarm:
        """Add an alarm that tells the topic when what it watches is at or over a threshold, or else below it.

        watched is what `metric`, `total` or `expression` returns.
        """
        return self.template.add_resource(Alarm(
            title, AlarmDescription=description, **watched, EvaluationPeriods=periods,
            ComparisonOperator="LessThanThreshold" if below else "GreaterThanOrEqualToThreshold",
            Threshold=threshold, TreatMissingData="notBreaching", AlarmActions=[self.topic.ref()], **attributes))

    def add_rule(self, title: str, description: str, pattern: dict[str, Any]) -> Rule:
        """Add a rule that tells the topic of events, and the queue of those that the topic does not take."""
        return self.template.add_resource(Rule(
            title, Description=description, EventPattern=pattern, Targets=[Target(
                Id="Alerts", Arn=self.topic.ref(),
                DeadLetterConfig=DeadLetterConfig(Arn=self.fallback.get_att("Arn")))]))


def metric(
        namespace: str, name: str, dimensions: Mapping[str, Any], statistic: str = "Sum",
        period: int = FIVE_MINUTES) -> dict[str, Any]:
    """Return the properties of an alarm that watches one metric; period in seconds."""
    key = "ExtendedStatistic" if statistic.startswith("p") else "Statistic"
    return {"Namespace": namespace, "MetricName": name, "Dimensions": _dimensions(dimensions),
            key: statistic, "Period": period}


def query(
        ident: str, namespace: str, name: str, dimensions: Mapping[str, Any],
        statistic: str = "Sum") -> MetricDataQuery:
    """Return one metric of an expression."""
    return MetricDataQuery(Id=ident, ReturnData=False, MetricStat=MetricStat(
        Stat=statistic, Period=FIVE_MINUTES,
        Metric=Metric(Namespace=namespace, MetricName=name, Dimensions=_dimensions(dimensions))))


def expression(text: str, *queries: MetricDataQuery | AWSHelperFn) -> dict[str, Any]:
    """Return the properties of an alarm that watches an expression over metrics.

    https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/using-metric-math.html
    """
    return {"Metrics": [MetricDataQuery(Id="result", Expression=text), *queries]}


def _dimensions(dimensions: Mapping[str, Any]) -> list[MetricDimension]:
    return [MetricDimension(Name=name, Value=value) for name, value in dimensions.items()]


def add_alerts(t: Template, keys: Keys) -> Alerts:
    """Add the topic with its policy, an e-mail subscription where an address is given, and the queue."""
    email = add_email(t, "Alerts", "Alert e-mail", "AlertEmail",
                      "Address for alerts, which it must confirm; empty for none.")
    has_email = t.add_condition("HasAlertEmail", Not(Equals(email.ref(), "")))
    detailed = add_switch(
        t, "Alerts", "Detailed alarms", "DetailedAlarms", "true",
        "Alarms on every tier, beside those on what visitors notice.")

    topic = t.add_resource(Topic(
        "AlertsTopic", DisplayName=Sub("Critical Alerts - ${Environment}"), KmsMasterKeyId=keys.arn(keys.operations)))
    t.add_resource(TopicPolicy("AlertsTopicPolicy", Topics=[topic.ref()], PolicyDocument=policy(
        admit(PUBLISHERS, [sns.Publish], topic.ref(), condition=of_this_account()),
        # Under a condition it could not publish at all.
        admit(EVENT_PUBLISHER, [sns.Publish], topic.ref()),
        refuse_plain_http([sns.Publish], topic.ref()))))
    fallback = t.add_resource(Queue(
        "AlertsFallbackQueue", DeletionPolicy="Delete", UpdateReplacePolicy="Delete",
        MessageRetentionPeriod=FORTNIGHT, KmsMasterKeyId=keys.arn(keys.operations),
        SqsManagedSseEnabled=If(keys.condition, NO_VALUE, True)))
    t.add_resource(QueuePolicy("AlertsFallbackQueuePolicy", Queues=[fallback.ref()], PolicyDocument=policy(
        admit("sns.amazonaws.com", [sqs.SendMessage], fallback.get_att("Arn"), condition=Condition(
            ArnEquals({"aws:SourceArn": topic.ref()}))),
        # The rules name this queue, so it cannot name them.
        admit(EVENT_PUBLISHER, [sqs.SendMessage], fallback.get_att("Arn"), condition=of_this_account()),
        refuse_plain_http([Action("sqs", "*")], fallback.get_att("Arn")))))
    t.add_resource(SubscriptionResource(
        "AlertsSubscription", Condition=has_email, TopicArn=topic.ref(), Protocol="email",
        Endpoint=email.ref(), RedrivePolicy={"deadLetterTargetArn": fallback.get_att("Arn")}))

    alerts = Alerts(t, topic, fallback, detailed)
    alerts.add_alarm(
        "UndeliveredAlertsAlarm", "Alerts that reached nobody wait in the fallback queue",
        metric("AWS/SQS", "ApproximateNumberOfMessagesVisible",
               {"QueueName": fallback.get_att("QueueName")}, "Maximum"), 1)
    return alerts
