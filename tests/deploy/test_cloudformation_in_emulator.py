"""CloudFormation over HTTP, against an emulator that really deploys."""

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError, ReadTimeoutError
from deploy_fakes import (
    DEV,
    Meddled,
    Recorder,
    answer_lost,
    applied,
    asked_twice,
    changed,
    cloud_of,
    failing,
    pending,
    planned,
    rendered,
)

from tap.deploy import planfile
from tap.deploy.aws import AwsClient
from tap.deploy.boto import connect
from tap.deploy.cloudformation import CloudFormation
from tap.deploy.deployed import physical_ids
from tap.deploy.imports import find_imports
from tap.deploy.models import (
    CallFailed,
    Change,
    ChangeSet,
    InputError,
    LeftRunning,
    NeedsRecovery,
    Outcome,
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


def apply(cloud: CloudFormation, plan: ChangeSet) -> None:
    """Apply a change set that was created before."""
    with pending(cloud, plan, DEV) as change:
        change.apply(Recorder())


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
    plan = planned(cloud, DEV, topic_template)

    assert (plan.type, plan.empty) == ("CREATE", False)
    assert plan.changes == (Change("Add", "Topic", None, "AWS::SNS::Topic", None),)


def test_a_discarded_first_plan_leaves_no_stack(
    cloud: CloudFormation, client: Any, topic_template: str
) -> None:
    with cloud.change_set(DEV, rendered(topic_template)):
        pass

    assert status(client) is None


def test_discarding_a_first_plan_keeps_the_stack_for_somebody_elses(
    cloud: CloudFormation, client: Any, topic_template: str
) -> None:
    theirs = planned(cloud, DEV, topic_template)
    ours = planned(cloud, DEV, topic_template)

    with pending(cloud, ours, DEV):
        pass

    summaries = client.list_change_sets(StackName="tap-dev")["Summaries"]
    assert [summary["ChangeSetName"] for summary in summaries] == [theirs.name]
    assert status(client) == "REVIEW_IN_PROGRESS"


def test_applying_gives_the_stack_its_outputs(cloud: CloudFormation, topic_template: str) -> None:
    applied(cloud, DEV, topic_template)

    assert list(cloud.outputs(DEV)) == ["TopicArn"]


def test_an_environment_without_a_stack_has_no_outputs(cloud: CloudFormation) -> None:
    assert cloud.outputs(DEV) == {}


def test_events_come_oldest_first_and_none_twice(cloud: CloudFormation) -> None:
    events = Recorder()
    applied(cloud, DEV, template(), events)

    told = [(event.logical_id, event.status) for event in events.events]
    assert told == [
        ("tap-dev", "CREATE_IN_PROGRESS"),
        ("Topic", "CREATE_IN_PROGRESS"),
        ("Topic", "CREATE_COMPLETE"),
        ("tap-dev", "CREATE_COMPLETE"),
    ]


def test_an_update_tells_only_its_own_events(cloud: CloudFormation) -> None:
    applied(cloud, DEV, template())
    events = Recorder()
    applied(cloud, DEV, template(Other=TOPIC), events)

    assert events.events[0].status == "UPDATE_IN_PROGRESS"
    assert ("Topic", "CREATE_COMPLETE") not in [(event.logical_id, event.status) for event in events.events]


def test_the_same_template_again_is_an_empty_plan(cloud: CloudFormation, topic_template: str) -> None:
    applied(cloud, DEV, topic_template)

    plan = planned(cloud, DEV, topic_template)

    assert (plan.type, plan.empty, plan.changes) == ("UPDATE", True, ())


def test_deploying_the_same_again_leaves_no_change_set(
    cloud: CloudFormation, client: Any, topic_template: str
) -> None:
    applied(cloud, DEV, topic_template)

    assert applied(cloud, DEV, topic_template) is Outcome.NO_CHANGES
    assert change_sets(client) == ["EXECUTE_COMPLETE"]


def test_parameters_and_tags_reach_the_stack(cloud: CloudFormation, client: Any) -> None:
    text = json.dumps({"Parameters": {"Name": {"Type": "String"}}, "Resources": {"Topic": TOPIC}})
    env = changed(DEV, parameters={"Name": "a"}, tags={"Team": "payments"})
    applied(cloud, env, text)

    stack = client.describe_stacks(StackName="tap-dev")["Stacks"][0]
    assert stack["Parameters"] == [{"ParameterKey": "Name", "ParameterValue": "a"}]
    assert stack["Tags"] == [{"Key": "Team", "Value": "payments"}]


@pytest.mark.parametrize("exists", [False, True])
def test_the_stack_policy_is_set(cloud: CloudFormation, client: Any, exists: bool) -> None:
    if exists:
        applied(cloud, DEV, template())
    policy = '{"Statement": [{"Effect": "Deny", "Action": "Update:*", "Principal": "*", "Resource": "*"}]}'
    env = changed(DEV, stack_policy=policy)

    applied(cloud, env, template(Other=TOPIC))

    assert client.get_stack_policy(StackName="tap-dev")["StackPolicyBody"] == policy


def test_a_protected_stack_is_not_deleted(cloud: CloudFormation, client: Any) -> None:
    env = changed(DEV, termination_protection=True)
    applied(cloud, env, template())

    with pytest.raises(CallFailed, match=r"TerminationProtection is enabled"):
        cloud.delete(env, Recorder())
    assert status(client) == "CREATE_COMPLETE"


def test_protection_that_cannot_be_set_is_not_reported_as_a_failed_deployment(client: Any) -> None:
    refusal = ClientError({"Error": {"Code": "AccessDenied", "Message": "no"}}, "UpdateTerminationProtection")
    meddled = Meddled(client, update_termination_protection=failing(refusal, then=lambda **_request: None))
    env = changed(DEV, termination_protection=True)
    cloud = cloud_of(meddled)

    with pytest.raises(TapError, match=r"stack tap-dev is deployed, but its protection is not set"):
        applied(cloud, env, template())


def test_deleting_follows_the_stack_until_it_is_gone(cloud: CloudFormation, client: Any) -> None:
    applied(cloud, DEV, template())
    events = Recorder()

    cloud.delete(DEV, events)

    assert events.events[-1].status == "DELETE_COMPLETE"
    assert status(client) is None


def test_deleting_what_is_not_there_is_success(cloud: CloudFormation) -> None:
    cloud.delete(DEV, Recorder())


def test_a_failed_creation_names_the_resource_and_the_next_command(cloud: CloudFormation) -> None:
    with pytest.raises(StackFailed) as caught:
        applied(cloud, DEV, template(Queue=NOT_POSSIBLE))

    assert caught.value.message == (
        "stack tap-dev failed: Queue (AWS::SQS::Queue) CREATE_FAILED: Invalid value for the parameter "
        "VisibilityTimeout. Value must be between 0 and 43200. Its creation was rolled back. Before the next attempt, "
        "run: tap recover dev"
    )


def test_a_failed_update_says_that_the_stack_is_as_before(cloud: CloudFormation, client: Any) -> None:
    applied(cloud, DEV, template())

    with pytest.raises(StackFailed, match=r"It was rolled back to its previous state"):
        applied(cloud, DEV, template(Queue=NOT_POSSIBLE))
    assert status(client) == "UPDATE_ROLLBACK_COMPLETE"


def test_a_stack_whose_creation_failed_takes_no_plan(cloud: CloudFormation) -> None:
    with pytest.raises(StackFailed):
        applied(cloud, DEV, template(Queue=NOT_POSSIBLE))

    with pytest.raises(NeedsRecovery, match=r"is ROLLBACK_COMPLETE .*tap recover dev"):
        planned(cloud, DEV, template())


def test_a_stack_that_an_update_failed_on_takes_the_next_plan(cloud: CloudFormation) -> None:
    applied(cloud, DEV, template())
    with pytest.raises(StackFailed):
        applied(cloud, DEV, template(Queue=NOT_POSSIBLE))

    assert planned(cloud, DEV, template(Other=TOPIC)).type == "UPDATE"


def test_a_template_that_is_refused_is_bad_input_and_leaves_nothing(
    cloud: CloudFormation, client: Any
) -> None:
    with pytest.raises(InputError, match=r"^CloudFormation rejected CreateChangeSet"):
        planned(cloud, DEV, template(Wrong={"Type": "AWS::No::Such"}))
    assert status(client) is None


def test_a_plan_whose_creation_was_answered_twice_is_found(client: Any) -> None:
    meddled = Meddled(client, create_change_set=asked_twice(client.create_change_set))

    assert planned(cloud_of(meddled), DEV, template()).type == "CREATE"


def test_a_plan_whose_answer_is_lost_for_good_is_cleaned_up(client: Any) -> None:
    meddled = Meddled(client, create_change_set=answer_lost(client.create_change_set, TIMEOUT))

    with pytest.raises(CallFailed, match=r"no response from AWS"):
        planned(cloud_of(meddled), DEV, template())
    assert status(client) is None


def test_a_plan_that_is_interrupted_is_cleaned_up(client: Any) -> None:
    meddled = Meddled(
        client, describe_change_set=failing(KeyboardInterrupt(), then=client.describe_change_set)
    )

    with pytest.raises(KeyboardInterrupt):
        planned(cloud_of(meddled), DEV, template())
    assert status(client) is None


def test_a_plan_that_cannot_be_cleaned_up_says_so(client: Any) -> None:
    meddled = Meddled(
        client,
        create_change_set=answer_lost(client.create_change_set, TIMEOUT),
        delete_change_set=failing(*[TIMEOUT] * 9, then=client.delete_change_set),
    )

    with pytest.raises(CallFailed) as caught:
        planned(cloud_of(meddled, unique=lambda: "1"), DEV, template())
    assert caught.value.__notes__[0].startswith("change set tap-1 of stack tap-dev may still exist: ")


def test_a_change_set_whose_start_was_asked_for_twice_is_followed(client: Any) -> None:
    cloud = cloud_of(Meddled(client, execute_change_set=asked_twice(client.execute_change_set)))

    applied(cloud, DEV, template())

    assert status(client) == "CREATE_COMPLETE"


def test_a_change_set_whose_start_got_no_answer_is_followed(client: Any) -> None:
    cloud = cloud_of(
        Meddled(client, execute_change_set=answer_lost(client.execute_change_set, TIMEOUT))
    )

    applied(cloud, DEV, template())

    assert status(client) == "CREATE_COMPLETE"


def test_a_change_set_that_was_not_started_is_deleted(client: Any) -> None:
    refusal = EndpointConnectionError(endpoint_url="http://aws")
    cloud = cloud_of(
        Meddled(client, execute_change_set=failing(refusal, then=client.execute_change_set))
    )

    with pytest.raises(CallFailed, match=r"no response from AWS"):
        applied(cloud, DEV, template())
    assert status(client) is None


def test_a_start_of_which_nothing_can_be_learnt_counts_as_running(client: Any) -> None:
    cloud = cloud_of(client)
    plan = planned(cloud, DEV, template())
    meddled = Meddled(
        client,
        execute_change_set=answer_lost(client.execute_change_set, TIMEOUT),
        describe_change_set=failing(*[TIMEOUT] * 9, then=client.describe_change_set),
    )

    with pytest.raises(LeftRunning, match=r"cannot determine whether the change set was started"):
        apply(cloud_of(meddled), plan)


def test_a_passing_fault_while_watching_is_survived(client: Any) -> None:
    faults = failing(TIMEOUT, TIMEOUT, TIMEOUT, then=client.describe_stack_events)
    cloud = cloud_of(client)
    plan = planned(cloud, DEV, template())
    meddled: Any = Meddled(client)
    pauses: list[float] = []

    def execute(**request: Any) -> Any:
        meddled.describe_stack_events = faults
        return client.execute_change_set(**request)

    meddled.execute_change_set = execute
    apply(cloud_of(meddled, pauses.append), plan)

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
    cloud = cloud_of(client)
    plan = planned(cloud, DEV, template())
    meddled: Any = Meddled(client)

    def execute(**request: Any) -> Any:
        meddled.describe_stack_events = failing(trouble, then=client.describe_stack_events)
        return client.execute_change_set(**request)

    meddled.execute_change_set = execute
    with pytest.raises(LeftRunning, match=told) as caught:
        apply(cloud_of(meddled), plan)

    assert caught.value.message.endswith(
        "CloudFormation continues with stack tap-dev; follow it with: tap watch dev"
    )


def test_the_place_names_an_endpoint_that_is_not_awss(cloud: CloudFormation, emulator: str) -> None:
    assert cloud.aws.endpoint == f"eu-west-1 at {emulator}"


def test_a_saved_plan_of_a_template_that_was_sent_in_other_words_is_executed(client: Any, emulator: str) -> None:
    cloud = CloudFormation(AwsClient(lambda service: client if service == "cloudformation" else connect(
        service, region="eu-west-1", endpoint_url=emulator, access_key_id="test", secret_access_key="test")))
    document = {"Description": "left out where it is sent", "Resources": {"Topic": TOPIC}}
    template = Rendered(document, "Resources: {Topic: {Type: 'AWS::SNS::Topic'}}")
    plan = planned(cloud, DEV, template.text)
    saved = planfile.saved_plan(DEV, plan, parsed(template.text))

    with cloud.saved_change_set(DEV, template, saved) as change:
        change.apply(Recorder())
    assert status(client) == "CREATE_COMPLETE"


KEPT = {**TOPIC, "DeletionPolicy": "Retain"}


def test_what_a_deleted_stack_left_is_taken_into_another(cloud: CloudFormation) -> None:
    text = json.dumps({"Resources": {"Kept": KEPT}, "Outputs": {}})
    applied(cloud, DEV, text)
    arn = physical_ids(cloud.aws.call, DEV)["Kept"]
    cloud.delete(DEV, Recorder())
    applied(cloud, DEV, template())
    both = template(Kept=KEPT)

    imports = find_imports(cloud, DEV, rendered(both), {"Kept": f"TopicArn:{arn}"})
    with cloud.change_set(changed(DEV, imports=imports), rendered(both)) as change:
        assert [each.action for each in change.review().change_set.changes] == ["Import"]
        change.apply(Recorder())
    assert physical_ids(cloud.aws.call, DEV)["Kept"] == arn


def test_an_import_beside_other_changes_is_refused_as_cloudformation_says(cloud: CloudFormation) -> None:
    applied(cloud, DEV, template())
    more = template(Kept=KEPT, Other=TOPIC)

    imports = find_imports(cloud, DEV, rendered(more), {"Kept": "TopicArn:arn:aws:sns:eu-west-1:123456789012:x"})
    with pytest.raises(InputError, match="missing from ResourceToImport"):
        planned(cloud, changed(DEV, imports=imports), more)


def nested_in(emulator: str, inner: dict[str, Any]) -> str:
    """Upload a template to the emulator, and return one of a stack in which it is nested."""
    s3 = connect("s3", region="eu-west-1", endpoint_url=emulator, access_key_id="test", secret_access_key="test")
    s3.create_bucket(Bucket="templates", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    s3.put_object(Bucket="templates", Key="inner.json", Body=json.dumps({"Resources": inner}))
    s3.close()
    return template(Inner={"Type": "AWS::CloudFormation::Stack", "Properties": {
        "TemplateURL": "https://s3.amazonaws.com/templates/inner.json"}})


def test_events_of_a_nested_stack_are_among_those_of_the_stack(cloud: CloudFormation, emulator: str) -> None:
    seen = Recorder()
    applied(cloud, DEV, nested_in(emulator, {"Deep": TOPIC}), seen)

    told = [(event.logical_id, event.status) for event in seen.events]
    assert ("Inner/Deep", "CREATE_COMPLETE") in told
    assert told[-1] == ("tap-dev", "CREATE_COMPLETE")
