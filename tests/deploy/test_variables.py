"""The application's variables: read from `parameters/ENV.env`, checked, uploaded for ECS, and compared."""

import json
from pathlib import Path
from typing import Any

import pytest
from memory_bucket import MemoryBucket
from memory_tap import Tap

from tap.deploy.models import InputError
from tap.deploy.variables import FOLDER, file_text, object_key, read_variables, reserved_names
from tap.stack import build

TARGETS = '[default]\nartifact_bucket = "artifacts-{account}"\n'
DOCUMENT = {
    "Parameters": {"EnvironmentFileArn": {"Type": "String", "Default": ""}},
    "Resources": {"Topic": {"Type": "AWS::SNS::Topic", "Properties": {"DisplayName": {"Ref": "EnvironmentFileArn"}}}}}


def read(tmp_path: Path, text: str, *reserved: str) -> dict[str, str] | None:
    (tmp_path / "parameters").mkdir(exist_ok=True)
    (tmp_path / "parameters/dev.env").write_text(text, encoding="utf-8")
    return read_variables(tmp_path, "dev", reserved)


def test_a_line_is_a_variable_a_comment_or_blank(tmp_path: Path) -> None:
    assert read(tmp_path, "# what\n\nGREETING=hello world\nEMPTY=\nQUERY=a=b#c\n") == {
        "GREETING": "hello world", "EMPTY": "", "QUERY": "a=b#c"}


def test_an_environment_without_a_file_has_no_variables(tmp_path: Path) -> None:
    assert read_variables(tmp_path, "dev", ()) is None


@pytest.mark.parametrize(("line", "problem"), [
    ("GREETING", "line 1 is not NAME=value"), ("export A=1", "line 1 is not NAME=value"),
    (" A=1", "line 1 is not NAME=value"), ("1A=1", "line 1 is not NAME=value"),
    ("A='x'", "line 1: A has quotes around its value"), ('A="x"', "line 1: A has quotes around its value"),
    ("A=1 ", "line 1: A has blanks"), ("A=\tx", "line 1: A has blanks"),
    ("A=1\nA=2", "line 2: A occurs twice"), ("PORT=1", "line 1: PORT is set by the stack")])
def test_what_ecs_would_read_differently_is_refused(tmp_path: Path, line: str, problem: str) -> None:
    with pytest.raises(InputError) as refused:
        read(tmp_path, line, "PORT")
    assert problem in refused.value.message


def test_every_problem_is_named_at_once(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="2 problems"):
        read(tmp_path, "A\nB='x'")


@pytest.mark.parametrize("line", [
    "STRIPE_API_KEY=abc", "DB_PASSWORD=abc", "SIGNING_SECRET=abc", "GITHUB_TOKEN=abc",
    "A=sk_live_" + "a" * 24, "A=AKIA" + "A" * 16, "A=ghp_" + "a" * 36, "A=-----BEGIN PRIVATE KEY-----",
    "A=postgres://app:hunter2@db/pay", "API_KEY=https://me:hunter2@example.test"])
def test_what_looks_like_a_secret_is_refused_without_its_value(tmp_path: Path, line: str) -> None:
    with pytest.raises(InputError) as refused:
        read(tmp_path, line)
    assert "AppSecretArn" in refused.value.message
    assert line.partition("=")[2] not in refused.value.message


@pytest.mark.parametrize("line", [
    "TOKEN_URL=https://auth.test/token", "MAX_TOKENS=4096", "PASSWORD_RULES=strict", "DB_URL=postgres://db/pay",
    "USE_TOKEN=true", "PROVIDER_SECRET=arn:aws:secretsmanager:eu-west-1:1:secret:pay", "API_KEY="])
def test_what_only_mentions_secrets_is_no_secret(tmp_path: Path, line: str) -> None:
    assert read(tmp_path, line)


def test_comments_and_order_make_no_other_object() -> None:
    assert object_key({"A": "1", "B": "2"}) == object_key({"B": "2", "A": "1"})
    assert object_key({"A": "1"}) != object_key({"A": "2"})
    assert object_key({"A": "1"}).endswith(".env")


def test_the_stacks_own_names_are_those_of_its_task_definitions_and_the_secrets_keys() -> None:
    names = reserved_names(build().to_dict(), "PROVIDER_KEY,SIGNING_KEY")
    assert {"PORT", "DB_HOST", "DB_PASSWORD", "ENVIRONMENT", "PROVIDER_KEY", "SIGNING_KEY"} <= names
    assert "GREETING" not in names


@pytest.fixture
def bucket(tap: Tap) -> MemoryBucket:
    made = MemoryBucket()
    tap.services["s3"] = made
    tap.document = DOCUMENT
    (tap.root / "parameters/targets.toml").write_text(TARGETS, encoding="utf-8")
    return made


def write(tap: Tap, text: str) -> None:
    (tap.root / "parameters/dev.env").write_text(text, encoding="utf-8")


def test_a_deployment_uploads_the_file_and_names_it_in_the_parameter(tap: Tap, bucket: MemoryBucket) -> None:
    write(tap, "# of dev\nGREETING=hello\n")
    assert tap("deploy", "dev", "--yes") == 0
    key = object_key({"GREETING": "hello"})
    assert bucket.objects == {key: b"GREETING=hello\n"}
    assert given(tap) == f"arn:aws:s3:::artifacts-123456789012/{key}"


def test_a_plan_uploads_nothing(tap: Tap, bucket: MemoryBucket) -> None:
    write(tap, "GREETING=hello\n")
    assert tap("plan", "dev") == 0
    assert bucket.objects == {}
    assert "variable GREETING: (none) → hello" in tap.out


@pytest.mark.usefixtures("bucket")
def test_a_plan_shows_what_changes_variable_by_variable(tap: Tap) -> None:
    write(tap, "GREETING=hello\nGONE=1\nSAME=1\n")
    tap("deploy", "dev", "--yes")
    write(tap, "GREETING=good day\nSAME=1\nNEW=\n")
    assert tap("plan", "dev", "--json") == 0
    assert json.loads(tap.out)["variables"] == [
        {"name": "GONE", "before": "1", "after": None}, {"name": "GREETING", "before": "hello", "after": "good day"},
        {"name": "NEW", "before": None, "after": ""}]


def test_a_plan_says_where_the_deployed_file_cannot_be_read(tap: Tap, bucket: MemoryBucket) -> None:
    write(tap, "GREETING=hello\n")
    tap("deploy", "dev", "--yes")
    bucket.objects.clear()
    write(tap, "GREETING=good day\n")
    assert tap("plan", "dev") == 0
    assert "the variables that change are not shown" in tap.out


@pytest.mark.usefixtures("bucket")
def test_a_file_and_the_parameter_exclude_each_other(tap: Tap) -> None:
    write(tap, "GREETING=hello\n")
    assert tap("plan", "dev", "--parameter", "EnvironmentFileArn=arn:aws:s3:::b/k.env") == 2
    assert "exclude each other" in tap.err


def given(tap: Tap) -> Any:
    (stack,) = tap.aws.stacks.values()
    return {each["ParameterKey"]: each["ParameterValue"] for each in stack.parameters}["EnvironmentFileArn"]


def test_the_file_has_a_line_for_each_variable() -> None:
    assert file_text({"B": "2", "A": ""}) == "A=\nB=2\n"
    assert object_key({}).startswith(FOLDER)
