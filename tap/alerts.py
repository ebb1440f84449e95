"""The alerts: the topics that tell people, who may publish to them, and where goes what they cannot deliver."""

from typing import Any, NamedTuple

from awacs import sns, sqs
from awacs.aws import Action, ArnEquals, Condition
from troposphere import AWSHelperFn, Equals, Not, Parameter, Sub, Template
from troposphere.cloudwatch import Alarm
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
    """What the other tiers need to tell people something."""

    template: Template
    topic: Topic
    fallback: Queue
    detailed: str
    """The condition that the alarms beyond the most needed are wanted."""
    pager: AWSHelperFn
    """The topic of whoever is on call, in a list; absent where there is none."""

    def add_alarm(
            self, title: str, description: str, watched: dict[str, Any], threshold: float | AWSHelperFn, *,
            periods: int = 1, datapoints: int | None = None, below: bool = False, missing: str = "notBreaching",
            is_critical: bool = False, **attributes: Any) -> Alarm:
        """Add an alarm that tells the topic when what it watches is at or over a threshold, or else below it.

        `watched` comes from `tap.watched`. The alarm triggers when as many of the last `periods` as `datapoints` says,
        or all of them, are beyond the threshold. A critical one tells whoever is on call, too, and when it is over.
        """
        calls = {"OKActions": only_if(HAS_PAGER, [self.pager])} if is_critical else {}
        return self.template.add_resource(alarm(
            title, description, watched, threshold, periods, datapoints, below=below, missing=missing,
            AlarmActions=self.critical_actions if is_critical else [self.topic.ref()], **calls, **attributes))

    @property
    def critical_actions(self) -> list[AWSHelperFn]:
        """Who is told of a critical alarm: the topic, and whoever is on call."""
        return [self.topic.ref(), only_if(HAS_PAGER, self.pager)]


def alarm(
        title: str, description: str, watched: dict[str, Any], threshold: float | AWSHelperFn, periods: int,
        datapoints: int | None = None, *, below: bool = False, missing: str = "notBreaching",
        **attributes: Any) -> Alarm:
    """Return an alarm, whose description leads to its section of the runbook."""
    if datapoints:
        attributes["DatapointsToAlarm"] = datapoints
    return Alarm(
        title, AlarmDescription=Sub(f"{description}. What to do: ${{{RUNBOOK}}}#{title.lower()}"), **watched,
        EvaluationPeriods=periods,
        ComparisonOperator="LessThanThreshold" if below else "GreaterThanOrEqualToThreshold",
        Threshold=threshold, TreatMissingData=missing, **attributes)


def add_alerts(t: Template, keys: Keys) -> Alerts:
    """Add the topics with their policies, an e-mail subscription where an address is given, and the queue."""
    email = add_email(t, "Alerts", "Alert e-mail", "AlertEmail",
                      "Address for alerts, which it must confirm twice; empty for none.")
    has_email = t.add_condition("HasAlertEmail", Not(Equals(email.ref(), "")))
    pager = add_parameter(t, "Alerts", "On call", Parameter(
        "PagerTopicArn", Type="String", Default="",
        AllowedPattern=r"(arn:aws[a-z-]*:sns:[a-z0-9-]+:[0-9]{12}:[A-Za-z0-9_-]{1,256})?",
        ConstraintDescription="must be the ARN of an SNS topic, or empty",
        Description="SNS topic in the stack's region that also gets critical alarms, such as the on-call team's. Its "
                    "policy and key must allow CloudWatch; empty for none."))
    t.add_condition(HAS_PAGER, Not(Equals(pager.ref(), "")))
    add_parameter(t, "Alerts", "Runbook", Parameter(
        RUNBOOK, Type="String", Default="docs/runbook.md", AllowedPattern="[!-~]{1,200}",
        ConstraintDescription="must be a URL or path of at most 200 characters, without spaces",
        Description="URL of the page that says what to do about each alarm. Alarms and dashboard link to it."))
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
    # Says that alerts reach nobody. It shares neither topic nor key with them: what breaks one leaves the other.
    path_topic = t.add_resource(Topic("AlertPathTopic", DisplayName=Sub("Alert delivery - ${Environment}")))
    suppress(path_topic, {"CKV_AWS_26": "Tells the state of one alarm, also when the key of the alerts is lost"})
    t.add_resource(TopicPolicy("AlertPathTopicPolicy", Topics=[path_topic.ref()], PolicyDocument=policy(
        admit("cloudwatch.amazonaws.com", [sns.Publish], path_topic.ref(), condition=of_this_account()),
        refuse_plain_http([sns.Publish], path_topic.ref()))))
    fallback = t.add_resource(Queue(
        # Under a key of SQS's, and so not lost together with the key of the topic.
        "AlertsFallbackQueue", DeletionPolicy="Delete", UpdateReplacePolicy="Delete",
        MessageRetentionPeriod=FORTNIGHT, SqsManagedSseEnabled=True))
    suppress(fallback, {"CKV_AWS_27": "SQS's own key encrypts it, which is not lost together with the topic's"})
    t.add_resource(QueuePolicy("AlertsFallbackQueuePolicy", Queues=[fallback.ref()], PolicyDocument=policy(
        admit("sns.amazonaws.com", [sqs.SendMessage], fallback.get_att("Arn"), condition=Condition(
            ArnEquals({"aws:SourceArn": topic.ref()}))),
        # The rules name this queue, so it cannot name them.
        admit(EVENT_PUBLISHER, [sqs.SendMessage], fallback.get_att("Arn"), condition=of_this_account()),
        refuse_plain_http([Action("sqs", "*")], fallback.get_att("Arn")))))
    # CloudFormation cannot ask for subscriptions that only their owner ends: that is decided in ConfirmSubscription,
    # by whoever confirms. `tap doctor` says how.
    # https://docs.aws.amazon.com/sns/latest/api/API_ConfirmSubscription.html
    t.add_resource(SubscriptionResource(
        "AlertsSubscription", Condition=has_email, TopicArn=topic.ref(), Protocol="email",
        Endpoint=email.ref(), RedrivePolicy={"deadLetterTargetArn": fallback.get_att("Arn")}))
    t.add_resource(SubscriptionResource(
        "AlertPathSubscription", Condition=has_email, TopicArn=path_topic.ref(), Protocol="email",
        Endpoint=email.ref()))

    t.add_resource(alarm(
        "UndeliveredAlertsAlarm", "Alerts that reached nobody wait in the fallback queue",
        metric("AWS/SQS", "ApproximateNumberOfMessagesVisible",
               {"QueueName": fallback.get_att("QueueName")}, "Maximum"), 1, 1,
        AlarmActions=[path_topic.ref(), only_if(HAS_PAGER, pager.ref())]))
    return Alerts(t, topic, fallback, detailed, pager.ref())
