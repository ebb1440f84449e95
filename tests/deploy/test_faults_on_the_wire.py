"""Faults of the network and of AWS, between the real client and an emulator: microburst stands between them."""

import json
import os
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from processes import HANG, free_port, running

from tap.cli import main as cli
from tap.cli.app import App
from tap.deploy.aws import AwsClient
from tap.deploy.boto import connect
from tap.deploy.cloudformation import CloudFormation
from tap.deploy.template import Rendered

TOPIC, TABLE = {"Type": "AWS::SNS::Topic"}, {
    "Type": "AWS::DynamoDB::Table", "Properties": {
        "BillingMode": "PAY_PER_REQUEST", "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
        "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}]}}
DOCUMENT = {"Resources": {"Topic": TOPIC, "Table": TABLE}}


@pytest.fixture(scope="module")
def proxy(emulator: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    folder = tmp_path_factory.mktemp("microburst")
    microburst = str(Path(sys.executable).with_name("microburst"))
    with running([microburst, "--host", "127.0.0.1", "--port", str(port), "--upstream", emulator],
                 f"{url}/_microburst/rules", cwd=folder, env={**os.environ, "HOME": str(folder)}):
        yield url


def set_rules(url: str, *rules: dict[str, Any]) -> None:
    request = urllib.request.Request(f"{url}/_microburst/rules", method="POST", data=json.dumps(rules).encode(),
                                     headers={"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=HANG):
        pass


@pytest.fixture
def fault(proxy: str) -> Iterator[Callable[..., None]]:
    def add(operation: str, **rule: Any) -> None:
        set_rules(proxy, {"service": "cloudformation", "operation": operation, **rule})

    set_rules(proxy)
    yield add
    set_rules(proxy)


@pytest.fixture(scope="module")
def services(proxy: str) -> dict[str, Any]:
    """Return clients by the names of their services, for all tests: making one takes its time."""
    return {name: connect(name, region="eu-west-1", endpoint_url=proxy, access_key_id="test", secret_access_key="test")
            for name in ("cloudformation", "sts", "s3")}


@pytest.fixture
def through(services: dict[str, Any]) -> Any:
    return services["cloudformation"]


@pytest.fixture
def run(through: Any, client: Any, tmp_path: Path) -> Callable[..., int]:  # noqa: ARG001  (an empty account)
    (tmp_path / "parameters").mkdir()
    (tmp_path / "parameters/dev.json").write_text('{"Parameters": {}}')
    wiring = App(template=lambda: Rendered(DOCUMENT, json.dumps(DOCUMENT)), lint=lambda *_: [],
                    cloud=lambda _env: CloudFormation(AwsClient(
                        lambda _service: through, lambda seconds: time.sleep(min(seconds, 0.02)))))
    return lambda *arguments: cli.main([*arguments, "--root", str(tmp_path)], wiring)


@pytest.fixture
def bootstrap(services: dict[str, Any], client: Any, tmp_path: Path) -> Callable[[], int]:  # noqa: ARG001
    """Bootstrap an account in which nothing is, with a stack that the emulator makes at once."""
    (tmp_path / "parameters").mkdir()
    (tmp_path / "parameters/dev.json").write_text('{"Parameters": {}}')
    (tmp_path / "parameters/targets.toml").write_text("[dev]\n")
    stack = {"Parameters": {}, **DOCUMENT, "Outputs": {
        "ArtifactBucketName": {"Value": "artifacts"}, "PermissionsBoundaryArn": {"Value": "none"},
        "ExecutionRoleArn": {"Value": "arn:aws:iam::123456789012:role/ExecutionRole"}}}
    wiring = App(
        template=lambda: Rendered({"Resources": {}}, "{}"), bootstrap=lambda: Rendered(stack, json.dumps(stack)),
        lint=lambda *_: [], cloud=lambda _env: CloudFormation(AwsClient(
            services.__getitem__, lambda seconds: time.sleep(min(seconds, 0.02)))))
    return lambda: cli.main(["bootstrap", "dev", "--yes", "--root", str(tmp_path)], wiring)


def stacks(client: Any) -> dict[str, str]:
    return {each["StackName"]: each["StackStatus"] for each in client.describe_stacks()["Stacks"]}


THROTTLING = {"error": {"code": "Throttling", "status": 400}}
INTERNAL = {"error": {"code": "InternalFailure", "status": 500}}
EXPIRED = {"error": {"code": "ExpiredToken", "status": 403}}
DENIED = {"error": {"code": "AccessDenied", "status": 403}}
LOST = {"response": {"abort_bytes": 0}}
CUT = {"response": {"truncate_frac": 0.5}}


@pytest.mark.parametrize(("operation", "rule"), [
    ("DescribeStacks", {**THROTTLING, "times": 4}),
    ("CreateChangeSet", {**THROTTLING, "times": 4}),
    ("DescribeChangeSet", {**INTERNAL, "times": 4}),
    ("DescribeStackEvents", {**INTERNAL, "times": 4}),
    ("DescribeStackEvents", {"reset": True, "times": 4}),
    ("DescribeStackEvents", {**CUT, "times": 2}),
    ("ExecuteChangeSet", {**THROTTLING, "times": 4}),
    ("CreateChangeSet", {**LOST, "times": 1}),
    ("ExecuteChangeSet", {**LOST, "times": 1}),
    ("ExecuteChangeSet", {**CUT, "times": 1}),
])  # fmt: skip
def test_it_is_survived(run: Any, fault: Any, client: Any, operation: str, rule: dict[str, Any]) -> None:
    fault(operation, **rule)

    assert run("deploy", "dev", "--yes") == 0
    assert stacks(client) == {"tap-dev": "CREATE_COMPLETE"}


@pytest.mark.parametrize("operation", [
    "DescribeStacks", "CreateChangeSet", "DescribeChangeSet", "GetTemplate", "ExecuteChangeSet"])
@pytest.mark.parametrize(("rule", "code"), [(DENIED, 1), (EXPIRED, 2)], ids=["denied", "expired"])
def test_it_is_refused_and_nothing_is_left_unsaid(
        run: Any, fault: Any, client: Any, capsys: pytest.CaptureFixture[str], operation: str, rule: Any, code: int,
) -> None:
    fault(operation, **rule)

    assert run("deploy", "dev", "--yes") == code
    error = capsys.readouterr().err
    assert "Traceback" not in error
    assert stacks(client) == {} or "may be left behind" in error


def test_a_token_that_expires_in_mid_watch_leaves_the_stack_to_cloudformation(
        run: Any, fault: Any, client: Any, through: Any, proxy: str, capsys: pytest.CaptureFixture[str]) -> None:
    def execute(**request: Any) -> Any:
        answer = real(**request)
        fault("DescribeStackEvents", **EXPIRED)
        return answer

    real, through.execute_change_set = through.execute_change_set, execute
    try:
        code = run("deploy", "dev", "--yes")
    finally:
        through.execute_change_set = real

    assert code == 5
    error = capsys.readouterr().err
    assert "ExpiredToken" in error
    assert "tap watch dev" in error
    set_rules(proxy)
    assert run("watch", "dev") == 0
    assert stacks(client) == {"tap-dev": "CREATE_COMPLETE"}


@pytest.mark.parametrize("rule", [LOST, {"reset": True}, INTERNAL], ids=["lost", "reset", "500"])
def test_a_deletion_is_done_once_and_seen_to_its_end(
        run: Any, fault: Any, client: Any, rule: dict[str, Any]) -> None:
    run("deploy", "dev", "--yes")
    fault("DeleteStack", **rule, times=1)

    assert run("delete", "dev", "--yes") == 0
    assert stacks(client) == {}


@pytest.mark.parametrize("rule", [LOST, INTERNAL, THROTTLING], ids=["lost", "500", "throttled"])
def test_a_plan_leaves_no_change_set_and_no_empty_stack(
        run: Any, fault: Any, client: Any, rule: dict[str, Any]) -> None:
    fault("DeleteChangeSet", **rule, times=2)

    assert run("plan", "dev") == 0
    assert stacks(client) == {}


@pytest.mark.parametrize("operation", [
    "DescribeStacks", "CreateChangeSet", "DescribeChangeSet", "GetTemplate", "ExecuteChangeSet"])
@pytest.mark.parametrize("rule", [DENIED, EXPIRED, {**LOST, "times": 3}], ids=["denied", "expired", "lost"])
def test_a_bootstrap_that_did_not_succeed_is_finished_by_the_next_run(
        bootstrap: Any, fault: Any, client: Any, proxy: str, tmp_path: Path, capsys: pytest.CaptureFixture[str],
        operation: str, rule: Any) -> None:
    fault(operation, **rule)
    code = bootstrap()

    assert code in (0, 1, 2)
    written = "role_arn" in (tmp_path / "parameters/targets.toml").read_text()
    assert written == (code == 0)
    assert code == 0 or stacks(client) == {} or "may be left behind" in capsys.readouterr().err
    set_rules(proxy)
    assert bootstrap() == 0
    assert stacks(client) == {"bootstrap-tap": "CREATE_COMPLETE"}
