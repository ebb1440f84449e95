"""Connecting to AWS with the usual configuration, or without enough of it."""

import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError, SSLError
from deploy_fakes import DEV, Meddled, cloud_of, failing, planned

from tap.deploy.aws import AwsClient
from tap.deploy.boto import connect
from tap.deploy.models import CallFailed, InputError, NotSignedIn, TapError


@pytest.fixture(autouse=True)
def nothing_configured(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in (
        "AWS_PROFILE",
        "AWS_REGION",
        "AWS_DEFAULT_REGION",
        "AWS_ACCESS_KEY_ID",
        "AWS_SECRET_ACCESS_KEY",
        "AWS_ENDPOINT_URL",
    ):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")


def test_without_a_region_it_is_said_where_to_give_one() -> None:
    with pytest.raises(InputError, match=r"^no region: use --region"):
        connect("cloudformation")


def test_an_unknown_profile_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_PROFILE", "nobody")

    with pytest.raises(InputError, match=r"profile \(nobody\) could not be found"):
        connect("cloudformation", region="eu-west-1")


def test_a_region_that_cannot_be_one_is_refused() -> None:
    with pytest.raises(InputError, match=r"^cannot set up a connection to AWS"):
        connect("cloudformation", region="eu west")


@pytest.mark.parametrize(("region", "fix"), [
    ("eu-wset-1", "did you mean eu-west-1\\? correct it"), ("us-gov-wst-1", "did you mean us-gov-west-1\\? correct it"),
    ("xx-nowhere-1", "correct it, or update boto3 [0-9.]+ if the region is new"),
    ("aws-global", "correct it"),
])  # fmt: skip
def test_a_region_that_does_not_exist_is_refused_before_a_call(region: str, fix: str) -> None:
    with pytest.raises(InputError, match=rf"^region {region} does not exist: {fix}"):
        connect("cloudformation", region=region)


@pytest.mark.parametrize("region", ["eu-west-1", "us-gov-west-1", "cn-north-1", "eusc-de-east-1", "us-iso-east-1"])
def test_every_partitions_regions_are_known(region: str) -> None:
    assert cloud_of(connect("cloudformation", region=region)).aws.endpoint == region


def test_an_emulator_may_have_any_region() -> None:
    client = connect("cloudformation", region="moon-base-1", endpoint_url="http://127.0.0.1:1")

    assert client.meta.region_name == "moon-base-1"


def test_aws_region_takes_precedence_as_in_the_aws_cli(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    monkeypatch.setenv("AWS_REGION", "eu-central-1")

    assert connect("cloudformation").meta.region_name == "eu-central-1"
    assert connect("cloudformation", region="us-east-1").meta.region_name == "us-east-1"


class Waited:
    """A timer whose time is over as soon as it starts."""

    daemon, cancelled = False, False

    def __init__(self, seconds: float, call: Callable[[], None]) -> None:
        self.seconds, self.start = seconds, call

    def cancel(self) -> None:
        Waited.cancelled = True


def test_after_two_seconds_it_is_said_what_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    lines: list[str] = []
    seconds: list[float] = []

    def timer(after: float, call: Callable[[], None]) -> Waited:
        seconds.append(after)
        return Waited(after, call)

    client = connect("cloudformation", region="eu-west-1", endpoint_url="http://127.0.0.1:1",
                     access_key_id="test", secret_access_key="test")
    aws = AwsClient(lambda _service: client, lambda _seconds: None, notify=lines.append, timer=timer)
    with pytest.raises(CallFailed):
        aws.call("describe_stacks")

    assert lines == ["waiting for http://127.0.0.1:1 (describe_stacks): no response yet"]
    assert seconds == [2.0]
    assert Waited.cancelled


def test_what_is_waited_for_says_why_it_is_retried() -> None:
    lines: list[str] = []
    timers: list[Callable[[], None]] = []
    throttled = ClientError({"Error": {"Code": "Throttling", "Message": "Rate exceeded"}}, "DescribeStacks")
    client = Meddled(connect("cloudformation", region="eu-west-1"),
                     describe_stacks=failing(throttled, then=lambda: {"Stacks": []}))

    def timer(after: float, call: Callable[[], None]) -> Waited:
        timers.append(call)
        return Waited(after, lambda: None)

    aws = AwsClient(lambda _service: client, lambda _seconds: timers.pop()(), notify=lines.append, timer=timer)

    aws.call("describe_stacks")

    assert lines == ["waiting for https://cloudformation.eu-west-1.amazonaws.com (describe_stacks): retrying after: "
                     "CloudFormation rejected DescribeStacks (Throttling): Rate exceeded"]


def test_without_credentials_it_is_said_how_to_get_some() -> None:
    client = connect("cloudformation", region="eu-west-1")

    with pytest.raises(NotSignedIn, match=r"^no AWS credentials.*aws sso login"):
        planned(cloud_of(client), DEV, "{}")


@pytest.mark.parametrize(("settings", "told"), [
    ("credential_process = /nowhere/program", "^cannot set up a connection to AWS: .*/nowhere/program"),
    ("role_arn = arn:aws:iam::123456789012:role/x\nweb_identity_token_file = /nowhere/token",
     "^no AWS credentials: .*/nowhere/token.*aws sso login"),
])  # fmt: skip
def test_credentials_that_come_from_where_nothing_is_are_told(
        monkeypatch: pytest.MonkeyPatch, tmp_path: Path, settings: str, told: str) -> None:
    (tmp_path / "config").write_text(f"[profile ci]\n{settings}\n")
    monkeypatch.setenv("AWS_PROFILE", "ci")

    with pytest.raises(TapError, match=told) as raised:
        planned(cloud_of(connect("cloudformation", region="eu-west-1")), DEV, "{}")
    assert raised.value.exit_code == 2


def test_a_certificate_that_nobody_vouches_for_is_told_with_what_to_do() -> None:
    client = connect("cloudformation", region="eu-west-1", endpoint_url="https://127.0.0.1:1",
                     access_key_id="test", secret_access_key="test")
    client.meta.events.register("before-send", _refuse_certificate)

    with pytest.raises(CallFailed, match=r"^no response from AWS: SSL validation failed .*AWS_CA_BUNDLE"):
        planned(cloud_of(client), DEV, "{}")


def _refuse_certificate(**_: Any) -> None:
    raise SSLError(endpoint_url="https://127.0.0.1:1", error="self-signed certificate")


def test_aws_itself_is_a_place_without_an_endpoint() -> None:
    assert cloud_of(connect("cloudformation", region="eu-west-1")).aws.endpoint == "eu-west-1"


def test_an_endpoint_from_the_environment_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL_CLOUDFORMATION", "http://127.0.0.1:1")

    assert (
        cloud_of(connect("cloudformation", region="eu-west-1")).aws.endpoint
        == "eu-west-1 at http://127.0.0.1:1"
    )


@pytest.mark.parametrize("name", ["AWS_SESSION_TOKEN", "AWS_ACCESS_KEY_ID"])
def test_credentials_with_a_line_break_are_told_and_not_shown(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    for each in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"):
        monkeypatch.setenv(each, "legible")
    monkeypatch.setenv(name, "legible\nlegible")

    with socket.create_server(("127.0.0.1", 0)) as server:  # the headers are looked at once somebody listens
        client = connect("cloudformation", region="eu-west-1",
                         endpoint_url=f"http://127.0.0.1:{server.getsockname()[1]}")
        with pytest.raises(NotSignedIn, match=r"^the AWS credentials or the region contain a line break") as raised:
            cloud_of(client).aws.call("describe_stacks")
    assert "legible" not in raised.value.message
    assert "character: set AWS_ACCESS_KEY_ID, " in raised.value.message


@pytest.mark.parametrize("endpoint", ["http://127.0.0.1:99999", "127.0.0.1:4566", "http://bücher.example"])
def test_an_endpoint_that_cannot_be_one_is_refused(endpoint: str) -> None:
    with pytest.raises(InputError, match=r"^cannot set up a connection to AWS: .*AWS_ENDPOINT_URL"):
        connect("cloudformation", region="eu-west-1", endpoint_url=endpoint)
