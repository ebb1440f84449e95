"""The example application as a process, against the emulator's table and the real validation function."""

import io
import json
import os
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request
import zipfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from emulator_fixtures import emulator

from tap.deploy.boto import connect

__all__ = ["emulator"]

ROOT = Path(__file__).parents[2]
APP = ROOT / "examples/app/app.py"
SECRET = "sk_test_not_a_real_key"
GOOD = {"transaction_id": "t-1", "amount": "100.50", "account_id": "a-1", "type": "debit"}
Ask = Callable[..., tuple[int, Any]]


@contextmanager
def running(variables: Mapping[str, str]) -> Iterator[tuple[subprocess.Popen[str], str]]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    process = subprocess.Popen([sys.executable, str(APP)], env={"PORT": port, **variables}, text=True,
                               stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    try:
        assert process.stdout
        assert json.loads(process.stdout.readline())["event"] == "started"
        yield process, f"http://127.0.0.1:{port}"
    finally:
        process.kill()
        process.communicate()


@pytest.fixture(scope="module")
def variables(emulator: str) -> dict[str, str]:
    clients = {service: connect(service, region="eu-west-1", endpoint_url=emulator, access_key_id="test",
                                secret_access_key="test") for service in ("dynamodb", "lambda", "iam")}
    clients["dynamodb"].create_table(
        TableName="sessions", BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": "sessionId", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "sessionId", "KeyType": "HASH"}])
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as files:
        files.write(ROOT / "lambda/validation/index.py", "index.py")
    role = clients["iam"].create_role(RoleName="function", AssumeRolePolicyDocument="{}")["Role"]["Arn"]
    clients["lambda"].create_function(FunctionName="validate", Runtime="python3.13", Role=role,
                                      Handler="index.handler", Code={"ZipFile": archive.getvalue()})
    return {"HOST": "127.0.0.1", "PATH": os.environ["PATH"], "ENVIRONMENT": "test", "DYNAMODB_TABLE": "sessions",
            "VALIDATION_FUNCTION": "validate", "PROVIDER_KEY": SECRET, "GREETING": "good day",
            "AWS_ENDPOINT_URL": emulator, "AWS_REGION": "eu-west-1", "AWS_DEFAULT_REGION": "eu-west-1",
            "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}


@pytest.fixture(scope="module")
def app(variables: dict[str, str]) -> Iterator[str]:
    with running(variables) as (_, url):
        yield url


def ask(url: str, body: Any = None, **headers: str) -> tuple[int, Any]:
    data = None if body is None else body if isinstance(body, bytes) else json.dumps(body).encode()
    request = urllib.request.Request(url, data, {key.replace("_", "-"): value for key, value in headers.items()})
    try:
        with urllib.request.urlopen(request, timeout=60) as response:
            return response.status, json.load(response)
    except urllib.error.HTTPError as error:
        with error:
            return error.code, json.load(error)


def test_the_health_check_answers_with_a_variable_of_the_applications_own(app: str) -> None:
    assert ask(f"{app}/") == (200, {"greeting": "good day", "environment": "test"})


def test_a_good_transaction_is_accepted_and_remembered(app: str) -> None:
    assert ask(f"{app}/transactions", GOOD, X_Session="s-1")[0] == 200
    assert ask(f"{app}/sessions/s-1") == (200, {"latest": "t-1"})


def test_a_bad_transaction_is_refused_with_the_functions_code(app: str) -> None:
    status, answer = ask(f"{app}/transactions", {**GOOD, "amount": "0"})
    assert (status, answer["code"]) == (400, "amount_not_positive")


def test_an_unknown_session_is_not_found(app: str) -> None:
    assert ask(f"{app}/sessions/nobody") == (404, {"error": "no such session"})


def test_a_body_that_is_not_json_is_a_bad_request(app: str) -> None:
    assert ask(f"{app}/transactions", b"{")[0] == 400


def test_a_body_that_is_too_large_is_refused_unread(app: str) -> None:
    assert ask(f"{app}/transactions", b"x" * (64 * 1024 + 1))[0] == 413


def test_without_the_table_a_session_cannot_be_read_and_the_client_may_try_again(variables: dict[str, str]) -> None:
    with running({**variables, "DYNAMODB_TABLE": "missing"}) as (_, url):
        assert ask(f"{url}/sessions/s-1") == (503, {"error": "try again"})


def test_the_secret_is_in_no_line_of_the_log(variables: dict[str, str]) -> None:
    with running(variables) as (process, url):
        ask(f"{url}/transactions", GOOD)
        process.send_signal(signal.SIGTERM)
        assert SECRET not in process.communicate(timeout=60)[0]


def test_sigterm_ends_it_with_exit_code_0(variables: dict[str, str]) -> None:
    with running(variables) as (process, _):
        process.send_signal(signal.SIGTERM)
        assert json.loads(process.communicate(timeout=60)[0].splitlines()[-1]) == {"event": "stopped"}
        assert process.returncode == 0


def test_missing_variables_are_one_line_that_names_them(variables: dict[str, str]) -> None:
    ran = subprocess.run([sys.executable, str(APP)], env={"PORT": "1", "PATH": variables["PATH"]}, text=True,
                         capture_output=True, check=False)
    assert ran.returncode == 1
    assert ran.stderr == "app: missing variables: ENVIRONMENT, DYNAMODB_TABLE, VALIDATION_FUNCTION, PROVIDER_KEY\n"


@pytest.mark.parametrize(("arguments", "listening", "code"), [(["health"], True, 0), (["health"], False, 1)])
def test_the_health_command_says_whether_the_application_answers(
        app: str, arguments: list[str], listening: bool, code: int) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = app.rpartition(":")[2] if listening else str(free.getsockname()[1])
        ran = subprocess.run([sys.executable, str(APP), *arguments], env={"PORT": port}, check=False)
    assert ran.returncode == code


def test_a_migration_that_does_not_reach_the_database_fails_with_one_line() -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        port = str(closed.getsockname()[1])
        ran = subprocess.run([sys.executable, str(APP.with_name("migrate.py"))],
                             env={"DB_HOST": "127.0.0.1", "DB_PORT": port}, text=True, capture_output=True, check=False)
    assert (ran.returncode, len(ran.stderr.splitlines())) == (1, 1)


def test_a_migration_that_reaches_the_database_succeeds() -> None:
    with socket.socket() as database:
        database.bind(("127.0.0.1", 0))
        database.listen()
        ran = subprocess.run([sys.executable, str(APP.with_name("migrate.py"))], check=False, env={
            "DB_HOST": "127.0.0.1", "DB_PORT": str(database.getsockname()[1])})
    assert ran.returncode == 0


def test_the_image_runs_as_the_templates_default_user_and_without_a_shell() -> None:
    lines = APP.with_name("Dockerfile").read_text().splitlines()
    assert "USER 101" in lines
    assert 'CMD ["python", "app.py"]' in lines
