"""The bootstrap stack in the emulator: what is as it should be, and mistakes in it."""

import pytest

from tap.bootstrap.template import build
from tap.deploy.aws import AwsClient
from tap.deploy.cloudformation import CloudFormation
from tap.deploy.models import Environment, Target
from tap.deploy.template import Rendered
from tap.rehearsal.bootstrap import Bootstrap
from tap.rehearsal.emulator import REGION, clients, emulator
from tap.template.render import to_text

STACK = Environment("dev", Target("tap-dev"))


def checked(template=None):
    """The checks by name, and the bootstrap they are of."""
    with emulator() as endpoint:
        aws = clients(endpoint)
        cloud = CloudFormation(AwsClient(aws, sleep=lambda _seconds: None))
        template = template or build()
        bootstrap = Bootstrap(aws, cloud, REGION, Rendered(template.to_dict(), to_text(template)))
        return {check.name: check for check in bootstrap.checks()}, bootstrap


@pytest.fixture(scope="module")
def good():
    return checked()


def test_nothing_differs(good):
    checks, _ = good
    assert [check for check in checks.values() if not check.ok] == []
    assert set(checks) == {"Bootstrap stack", "Bootstrap stack again", "Artifact bucket", "Execution role",
                           "Deployer is trusted by"}


def test_the_environment_gets_its_bucket_role_and_boundary(good):
    _, bootstrap = good
    document = {"Parameters": {"PermissionsBoundary": {"Type": "String"}}}

    env = bootstrap.given(STACK, Rendered(document, ""))

    assert env.target.artifact_bucket == "tap-artifacts-123456789012-eu-central-1"
    assert env.target.role_arn == bootstrap.outputs["ExecutionRoleArn"]
    assert env.values.parameters == {"PermissionsBoundary": bootstrap.outputs["PermissionsBoundaryArn"]}


def test_a_template_without_the_parameter_gets_no_boundary(good):
    _, bootstrap = good
    assert bootstrap.given(STACK, Rendered({}, "")).values.parameters == {}


def test_a_bucket_without_versions_and_denials_differs():
    template = build()
    del template.resources["ArtifactBucket"].properties["VersioningConfiguration"]
    template.resources["ArtifactBucketPolicy"].properties["PolicyDocument"]["Statement"].pop()

    checks, _ = checked(template)

    assert checks["Artifact bucket"].seen == "versions None, AES256, not public, 1 denials"
    assert not checks["Artifact bucket"].ok


def test_a_stack_that_does_not_come_up_is_a_check_that_differs():
    template = build()
    template.resources["FailureRule"].properties["Targets"] = [{"Id": "topic", "Arn": {"Ref": "Nothing"}}]
    template.resources["ArtifactBucket"].resource["Type"] = "AWS::S3::NoSuchThing"

    checks, _ = checked(template)

    assert not checks["Bootstrap stack"].ok
    assert "NoSuchThing" in checks["Bootstrap stack"].seen
