"""Notifications of failed stacks: an EventBridge rule and its topic."""

from awacs import sns
from awacs.aws import Allow, Bool, Condition, Deny, Principal, Statement
from troposphere import And, Equals, Not, Output, Sub, Template
from troposphere import Condition as InCondition
from troposphere.events import InputTransformer, Rule, Target
from troposphere.sns import SubscriptionResource, Topic, TopicPolicy

from tap.bootstrap.access import STACKS
from tap.parts import add_email, add_switch, policy, suppress

# Statuses that end a failed operation, or need somebody to act.
# https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/view-stack-events.html
STATUSES = ("CREATE_FAILED", "DELETE_FAILED", "IMPORT_ROLLBACK_COMPLETE", "IMPORT_ROLLBACK_FAILED", "ROLLBACK_COMPLETE",
            "ROLLBACK_FAILED", "UPDATE_FAILED", "UPDATE_ROLLBACK_COMPLETE", "UPDATE_ROLLBACK_FAILED")


def add_notifications(t: Template) -> None:
    """Add the rule for failed stacks, its topic and, by parameter, an email subscription."""
    condition = add_switch(
        t, "Notifications", "Failed stacks", "FailureNotifications", "true",
        "Notify a topic when a stack fails or rolls back.")
    address = add_email(t, "Notifications", "Email", "FailureEmail",
                        "Email address for these notifications, which must confirm the subscription; empty for none.")
    has_address = t.add_condition("HasFailureEmail", And(
        InCondition(condition), Not(Equals(address.ref(), ""))))

    # No customer managed key, which costs 1 USD a month: messages contain only names and statuses of stacks.
    topic = t.add_resource(Topic("FailureTopic", Condition=condition, DisplayName="Failed stacks"))
    suppress(topic, {"CKV_AWS_26": "Contains only names and statuses of stacks"})
    t.add_resource(SubscriptionResource(
        "FailureSubscription", Condition=has_address, TopicArn=topic.ref(), Protocol="email", Endpoint=address.ref()))
    # https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/event-bridge-cfn-events.html
    t.add_resource(Rule(
        "FailureRule", Condition=condition, Description="Failed stacks",
        EventPattern={
            "source": ["aws.cloudformation"], "detail-type": ["CloudFormation Stack Status Change"],
            "detail": {
                "stack-id": [{"prefix": Sub(
                    f"arn:${{AWS::Partition}}:cloudformation:${{AWS::Region}}:${{AWS::AccountId}}:stack/{STACKS}")}],
                "status-details": {"status": list(STATUSES)}}},
        Targets=[Target(
            Id="topic", Arn=topic.ref(),
            InputTransformer=InputTransformer(
                InputPathsMap={"stack": "$.detail.stack-id", "status": "$.detail.status-details.status",
                               "reason": "$.detail.status-details.status-reason"},
                InputTemplate='"<status>: <stack> <reason>"'))]))
    t.add_resource(TopicPolicy(
        "FailureTopicPolicy", Condition=condition, Topics=[topic.ref()], PolicyDocument=policy(
            Statement(
                # No condition: with one, EventBridge could not publish.
                # https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-use-resource-based.html#eb-sns-permissions
                Effect=Allow, Principal=Principal("Service", "events.amazonaws.com"), Action=[sns.Publish],
                Resource=[topic.ref()]),
            Statement(
                Effect=Deny, Principal=Principal("*"), Action=[sns.Publish],
                Resource=[topic.ref()], Condition=Condition(Bool({"aws:SecureTransport": "false"}))))))
    t.add_output(Output("FailureTopicArn", Condition=condition, Description="Topic for failed stacks",
                        Value=topic.ref()))
