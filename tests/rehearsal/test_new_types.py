"""Resource types that are new to the stack: what each table still needs, and what goes without a handler."""

import io
from pathlib import Path

import pytest
from rich.console import Console

from tap.cli.rehearsal_view import RehearsalView
from tap.deploy.models import Environment, InputError, Target
from tap.deploy.template import rendered_template
from tap.rehearsal.emulator import clients, emulator
from tap.rehearsal.new_types import missing, skipped, skipping
from tap.rehearsal.report import notes
from tap.rehearsal.run import rehearse
from tap.stack import build

ROOT = Path(__file__).parents[2]
NEW = "AWS::MSK::Cluster"
"""Of which neither this project nor the emulator knows anything."""
ASKED = [
    f"{NEW} has no IAM actions: add those that create, update and delete it to tap/permissions/actions.toml",
    f"{NEW} has no price: add how it is billed to tap/cost/resources.py, or add it to FREE there"]

REFERRED = """\
Resources:
  Stream: {Type: AWS::MSK::Cluster, Properties: {ClusterName: stream}}
  Group: {Type: AWS::Logs::LogGroup, Properties: {LogGroupName: !Sub "${Stream}-log"}}
Outputs:
  Arn: {Value: !GetAtt Stream.Arn}
"""


def test_each_table_asks_for_a_new_type():
    assert missing([NEW, "AWS::SQS::Queue", NEW]) == ASKED


def test_every_type_of_the_stack_is_in_each_table():
    types = {str(resource.resource_type) for resource in build().resources.values()}
    assert len(types) > 40
    assert missing(types) == []
    assert skipped(types) == []


def test_a_type_without_a_handler_in_the_emulator_is_named():
    assert skipped([NEW, "AWS::SQS::Queue", "AWS::RDS::DBCluster", "Custom::EmptyBucket"]) == [NEW]


def test_a_rehearsal_asks_for_what_is_missing_before_it_starts():
    template = rendered_template()
    template.document["Resources"]["Stream"] = {"Type": NEW}
    report = RehearsalView(Console(file=io.StringIO()))

    with pytest.raises(InputError) as refused:
        rehearse("dev", ROOT, report, template)

    assert refused.value.message.splitlines() == ASKED


def test_a_resource_of_a_skipped_type_is_recorded_with_all_that_refers_to_it():
    with emulator([NEW]) as endpoint:
        aws = clients(endpoint)
        aws("cloudformation").create_stack(StackName="new", TemplateBody=REFERRED)
        aws("cloudformation").get_waiter("stack_create_complete").wait(StackName="new", WaiterConfig={"Delay": 1})
        groups = aws("logs").describe_log_groups()["logGroups"]
        assert [group["logGroupName"] for group in groups] == ["new-Stream-log"]
        aws("cloudformation").delete_stack(StackName="new")
        aws("cloudformation").get_waiter("stack_delete_complete").wait(StackName="new", WaiterConfig={"Delay": 1})


def test_the_report_says_what_is_skipped():
    assert skipping(NEW) in notes(Environment("dev", Target("tap-dev")), [], [NEW], 1.0)
