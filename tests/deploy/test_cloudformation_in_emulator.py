"""CloudFormation over HTTP, against an emulator that really deploys."""

import json
from dataclasses import replace
from typing import Any

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError, ReadTimeoutError
from deploy_fakes import DEV, Meddled, answer_lost, asked_twice, failing

from tap.deploy import planfile
from tap.deploy.cloudformation import CloudFormation, connect
from tap.deploy.deploy import deploy
from tap.deploy.models import (
    CallFailed,
    Change,
    InputError,
    LeftRunning,
    NeedsRecovery,
    Outcome,
    StackEvent,
    StackFailed,
    TapError,
)
from tap.deploy.template import Rendered, parsed

TOPIC = {"Type": "AWS::SNS::Topic"}
NOT_POSSIBLE = {
    "Type": "AWS::SQS::Queue",
    "DependsOn": "Topic",
    "Properties": {"VisibilityTimeout": 99_999_999},
}
TIMEOUT = ReadTimeoutError(endpoint_url="http://aws")


def template(**resources: Any) -> str:
    return json.dumps({"Resources": {"Topic": TOPIC, **resources}})


def ignore(_event: StackEvent) -> None: ...


def agree(_plan: object) -> bool:
    return True


def change_sets(client: Any) -> list[str]:
    summaries = client.list_change_sets(StackName="tap-dev")["Summaries"]
    return [summary["ExecutionStatus"] for summary in summaries]


def status(client: Any) -> str | None:
    try:
        return str(client.describe_stacks(StackName="tap-dev")["Stacks"][0]["StackStatus"])
    except ClientError:
        return None


def test_a_first_plan_creates_and_describes_every_resource(
    cloud: CloudFormation, topic_template: str
) -> None:
    plan = cloud.plan(DEV, topic_template)

    assert (plan.type, plan.empty) == ("CREATE", False)
    assert plan.changes == (Change("Add", "Topic", None, "AWS::SNS::Topic", None),)


def test_a_discarded_first_plan_leaves_no_stack(
    cloud: CloudFormation, client: Any, topic_template: str
) -> None:
    cloud.discard(DEV, cloud.plan(DEV, topic_template))

    assert status(client) is None


def test_discarding_a_first_plan_keeps_the_stack_for_somebody_elses(
    cloud: CloudFormation, client: Any, topic_template: str
) -> None:
    theirs = cloud.plan(DEV, topic_template)
    ours = cloud.plan(DEV, topic_template)

    cloud.discard(DEV, ours)

    summaries = client.list_change_sets(StackName="tap-dev")["Summaries"]
    assert [summary["ChangeSetName"] for summary in summaries] == [theirs.name]
    assert status(client) == "REVIEW_IN_PROGRESS"


def test_applying_gives_the_stack_its_outputs(cloud: CloudFormation, topic_template: str) -> None:
    cloud.apply(DEV, cloud.plan(DEV, topic_template), ignore)

    assert list(cloud.outputs(DEV)) == ["TopicArn"]


def test_an_environment_without_a_stack_has_no_outputs(cloud: CloudFormation) -> None:
    assert cloud.outputs(DEV) == {}


def test_events_come_oldest_first_and_none_twice(cloud: CloudFormation) -> None:
    events: list[StackEvent] = []
    cloud.apply(DEV, cloud.plan(DEV, template()), events.append)

    told = [(event.logical_id, event.status) for event in events]
    assert told == [
        ("tap-dev", "CREATE_IN_PROGRESS"),
        ("Topic", "CREATE_IN_PROGRESS"),
        ("Topic", "CREATE_COMPLETE"),
        ("tap-dev", "CREATE_COMPLETE"),
    ]


def test_an_update_tells_only_its_own_events(cloud: CloudFormation) -> None:
    cloud.apply(DEV, cloud.plan(DEV, template()), ignore)
    events: list[StackEvent] = []
    cloud.apply(DEV, cloud.plan(DEV, template(Other=TOPIC)), events.append)

    assert events[0].status == "UPDATE_IN_PROGRESS"
    assert ("Topic", "CREATE_COMPLETE") not in [(event.logical_id, event.status) for event in events]


def test_the_same_template_again_is_an_empty_plan(cloud: CloudFormation, topic_template: str) -> None:
    cloud.apply(DEV, cloud.plan(DEV, topic_template), ignore)

    plan = cloud.plan(DEV, topic_template)

    assert (plan.type, plan.empty, plan.changes) == ("UPDATE", True, ())


def test_deploying_the_same_again_leaves_no_change_set(
    cloud: CloudFormation, client: Any, topic_template: str
) -> None:
    deploy(DEV, topic_template, cloud, agree)

    assert deploy(DEV, topic_template, cloud, agree) is Outcome.NO_CHANGES
    assert change_sets(client) == ["EXECUTE_COMPLETE"]


def test_parameters_and_tags_reach_the_stack(cloud: CloudFormation, client: Any) -> None:
    text = json.dumps({"Parameters": {"Name": {"Type": "String"}}, "Resources": {"Topic": TOPIC}})
    env = replace(DEV, parameters={"Name": "a"}, tags={"Team": "payments"})
    cloud.apply(env, cloud.plan(env, text), ignore)

    stack = client.describe_stacks(StackName="tap-dev")["Stacks"][0]
    assert stack["Parameters"] == [{"ParameterKey": "Name", "ParameterValue": "a"}]
    assert stack["Tags"] == [{"Key": "Team", "Value": "payments"}]


@pytest.mark.parametrize("exists", [False, True])
def test_the_stack_policy_is_set(cloud: CloudFormation, client: Any, exists: bool) -> None:
    if exists:
        cloud.apply(DEV, cloud.plan(DEV, template()), ignore)
    policy = '{"Statement": [{"Effect": "Deny", "Action": "Update:*", "Principal": "*", "Resource": "*"}]}'
    env = replace(DEV, stack_policy=policy)

    cloud.apply(env, cloud.plan(env, template(Other=TOPIC)), ignore)

    assert client.get_stack_policy(StackName="tap-dev")["StackPolicyBody"] == policy


def test_a_protected_stack_is_not_deleted(cloud: CloudFormation, client: Any) -> None:
    env = replace(DEV, termination_protection=True)
    cloud.apply(env, cloud.plan(env, template()), ignore)

    with pytest.raises(CallFailed, match=r"TerminationProtection is enabled"):
        cloud.delete(env, ignore)
    assert status(client) == "CREATE_COMPLETE"


def test_protection_that_cannot_be_set_is_not_reported_as_a_failed_deployment(client: Any) -> None:
    refusal = ClientError({"Error": {"Code": "AccessDenied", "Message": "no"}}, "UpdateTerminationProtection")
    meddled = Meddled(client, update_termination_protection=failing(refusal, then=ignore))
    env = replace(DEV, termination_protection=True)
    cloud = CloudFormation(meddled)

    with pytest.raises(TapError, match=r"stack tap-dev is deployed, but not protected"):
        cloud.apply(env, cloud.plan(env, template()), ignore)


def test_deleting_follows_the_stack_until_it_is_gone(cloud: CloudFormation, client: Any) -> None:
    cloud.apply(DEV, cloud.plan(DEV, template()), ignore)
    events: list[StackEvent] = []

    cloud.delete(DEV, events.append)

    assert events[-1].status == "DELETE_COMPLETE"
    assert status(client) is None


def test_deleting_what_is_not_there_is_success(cloud: CloudFormation) -> None:
    cloud.delete(DEV, ignore)


def test_a_failed_creation_names_the_resource_and_the_next_command(cloud: CloudFormation) -> None:
    with pytest.raises(StackFailed) as caught:
        cloud.apply(DEV, cloud.plan(DEV, template(Queue=NOT_POSSIBLE)), ignore)

    assert caught.value.message == (
        "stack tap-dev failed: Queue (AWS::SQS::Queue) CREATE_FAILED: Invalid value for the parameter "
        "VisibilityTimeout. Value must be between 0 and 43200. Its creation was rolled back; "
        "before the next try: tap recover dev"
    )


def test_a_failed_update_says_that_the_stack_is_as_before(cloud: CloudFormation, client: Any) -> None:
    cloud.apply(DEV, cloud.plan(DEV, template()), ignore)

    with pytest.raises(StackFailed, match=r"It was rolled back to what it was before"):
        cloud.apply(DEV, cloud.plan(DEV, template(Queue=NOT_POSSIBLE)), ignore)
    assert status(client) == "UPDATE_ROLLBACK_COMPLETE"


def test_a_stack_whose_creation_failed_takes_no_plan(cloud: CloudFormation) -> None:
    with pytest.raises(StackFailed):
        cloud.apply(DEV, cloud.plan(DEV, template(Queue=NOT_POSSIBLE)), ignore)

    with pytest.raises(NeedsRecovery, match=r"is ROLLBACK_COMPLETE .*tap recover dev"):
        cloud.plan(DEV, template())


def test_a_stack_that_an_update_failed_on_takes_the_next_plan(cloud: CloudFormation) -> None:
    cloud.apply(DEV, cloud.plan(DEV, template()), ignore)
    with pytest.raises(StackFailed):
        cloud.apply(DEV, cloud.plan(DEV, template(Queue=NOT_POSSIBLE)), ignore)

    assert cloud.plan(DEV, template(Other=TOPIC)).type == "UPDATE"


def test_a_template_that_is_refused_is_bad_input_and_leaves_nothing(
    cloud: CloudFormation, client: Any
) -> None:
    with pytest.raises(InputError, match=r"^CloudFormation refused CreateChangeSet"):
        cloud.plan(DEV, template(Wrong={"Type": "AWS::No::Such"}))
    assert status(client) is None


def test_a_plan_whose_creation_was_answered_twice_is_found(client: Any) -> None:
    meddled = Meddled(client, create_change_set=asked_twice(client.create_change_set))

    assert CloudFormation(meddled).plan(DEV, template()).type == "CREATE"


def test_a_plan_whose_answer_is_lost_for_good_is_cleaned_up(client: Any) -> None:
    meddled = Meddled(client, create_change_set=answer_lost(client.create_change_set, TIMEOUT))

    with pytest.raises(CallFailed, match=r"AWS gives no answer"):
        CloudFormation(meddled).plan(DEV, template())
    assert status(client) is None


def test_a_plan_that_is_interrupted_is_cleaned_up(client: Any) -> None:
    meddled = Meddled(
        client, describe_change_set=failing(KeyboardInterrupt(), then=client.describe_change_set)
    )

    with pytest.raises(KeyboardInterrupt):
        CloudFormation(meddled).plan(DEV, template())
    assert status(client) is None


def test_a_plan_that_cannot_be_cleaned_up_says_so(client: Any) -> None:
    meddled = Meddled(
        client,
        create_change_set=answer_lost(client.create_change_set, TIMEOUT),
        delete_change_set=failing(*[TIMEOUT] * 9, then=client.delete_change_set),
    )

    with pytest.raises(CallFailed) as caught:
        CloudFormation(meddled, sleep=lambda _seconds: None, unique=lambda: "1").plan(DEV, template())
    assert caught.value.__notes__[0].startswith("change set tap-1 of stack tap-dev may be left behind: ")


def test_a_change_set_whose_start_was_asked_for_twice_is_followed(client: Any) -> None:
    cloud = CloudFormation(Meddled(client, execute_change_set=asked_twice(client.execute_change_set)))

    cloud.apply(DEV, cloud.plan(DEV, template()), ignore)

    assert status(client) == "CREATE_COMPLETE"


def test_a_change_set_whose_start_got_no_answer_is_followed(client: Any) -> None:
    cloud = CloudFormation(
        Meddled(client, execute_change_set=answer_lost(client.execute_change_set, TIMEOUT))
    )

    cloud.apply(DEV, cloud.plan(DEV, template()), ignore)

    assert status(client) == "CREATE_COMPLETE"


def test_a_change_set_that_was_not_started_is_deleted(client: Any) -> None:
    refusal = EndpointConnectionError(endpoint_url="http://aws")
    cloud = CloudFormation(
        Meddled(client, execute_change_set=failing(refusal, then=client.execute_change_set))
    )

    with pytest.raises(CallFailed, match=r"AWS gives no answer"):
        cloud.apply(DEV, cloud.plan(DEV, template()), ignore)
    assert status(client) is None


def test_a_start_of_which_nothing_can_be_learnt_counts_as_running(client: Any) -> None:
    cloud = CloudFormation(client)
    plan = cloud.plan(DEV, template())
    meddled = Meddled(
        client,
        execute_change_set=answer_lost(client.execute_change_set, TIMEOUT),
        describe_change_set=failing(*[TIMEOUT] * 9, then=client.describe_change_set),
    )

    with pytest.raises(LeftRunning, match=r"not known whether the change set was started"):
        CloudFormation(meddled, sleep=lambda _seconds: None).apply(DEV, plan, ignore)


def test_a_passing_fault_while_watching_is_survived(client: Any) -> None:
    faults = failing(TIMEOUT, TIMEOUT, TIMEOUT, then=client.describe_stack_events)
    cloud = CloudFormation(client)
    plan = cloud.plan(DEV, template())
    meddled: Any = Meddled(client)
    pauses: list[float] = []

    def execute(**request: Any) -> Any:
        meddled.describe_stack_events = faults
        return client.execute_change_set(**request)

    meddled.execute_change_set = execute
    CloudFormation(meddled, sleep=pauses.append).apply(DEV, plan, ignore)

    assert len(pauses) >= 3


@pytest.mark.parametrize(
    ("trouble", "told"),
    [
        (KeyboardInterrupt(), "^interrupted"),
        (
            ClientError({"Error": {"Code": "ExpiredToken"}}, "DescribeStackEvents"),
            "credentials .ExpiredToken.",
        ),
    ],
)
def test_a_stack_that_nobody_watches_any_more_goes_on_by_itself(
    client: Any, trouble: BaseException, told: str
) -> None:
    cloud = CloudFormation(client)
    plan = cloud.plan(DEV, template())
    meddled: Any = Meddled(client)

    def execute(**request: Any) -> Any:
        meddled.describe_stack_events = failing(trouble, then=client.describe_stack_events)
        return client.execute_change_set(**request)

    meddled.execute_change_set = execute
    with pytest.raises(LeftRunning, match=told) as caught:
        CloudFormation(meddled).apply(DEV, plan, ignore)

    assert caught.value.message.endswith(
        "CloudFormation goes on with stack tap-dev by itself; follow it with tap watch dev"
    )


def test_the_place_names_an_endpoint_that_is_not_awss(cloud: CloudFormation, emulator: str) -> None:
    assert cloud.place == f"eu-west-1 at {emulator}"


def test_a_saved_plan_of_a_template_that_was_sent_in_other_words_is_executed(client: Any, emulator: str) -> None:
    cloud = CloudFormation(client, clients=lambda service: connect(
        service, region="eu-west-1", endpoint_url=emulator, access_key_id="test", secret_access_key="test"))
    document = {"Description": "left out where it is sent", "Resources": {"Topic": TOPIC}}
    rendered = Rendered(document, "Resources: {Topic: {Type: 'AWS::SNS::Topic'}}")
    plan = cloud.plan(DEV, rendered.text)
    saved = planfile.make(DEV, plan, parsed(rendered.text))

    cloud.apply(DEV, cloud.saved(DEV, rendered, saved), ignore)
    assert status(client) == "CREATE_COMPLETE"
