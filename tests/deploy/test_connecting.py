"""Connecting to AWS with the usual configuration, or without enough of it."""

import socket
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import SSLError
from deploy_fakes import DEV, cloud_of, planned

from tap.deploy.boto import connect
from tap.deploy.models import CallFailed, InputError, NotSignedIn, TapError


@pytest.fixture(autouse=True)
def nothing_configured(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in (
        "AWS_PROFILE",
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
    with pytest.raises(InputError, match=r"^no region: give --region"):
        connect("cloudformation")


def test_an_unknown_profile_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_PROFILE", "nobody")

    with pytest.raises(InputError, match=r"profile \(nobody\) could not be found"):
        connect("cloudformation", region="eu-west-1")


def test_a_region_that_cannot_be_one_is_refused() -> None:
    with pytest.raises(InputError, match=r"^cannot set up a connection to AWS"):
        connect("cloudformation", region="eu west")


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

    with pytest.raises(CallFailed, match=r"^AWS gives no answer: SSL validation failed .*AWS_CA_BUNDLE"):
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
        with pytest.raises(NotSignedIn, match=r"^the AWS credentials or the region have a line break") as raised:
            cloud_of(client).aws.call("describe_stacks")
    assert "legible" not in raised.value.message


@pytest.mark.parametrize("endpoint", ["http://127.0.0.1:99999", "127.0.0.1:4566", "http://bücher.example"])
def test_an_endpoint_that_cannot_be_one_is_refused(endpoint: str) -> None:
    with pytest.raises(InputError, match=r"^cannot set up a connection to AWS: .*AWS_ENDPOINT_URL"):
        connect("cloudformation", region="eu-west-1", endpoint_url=endpoint)
