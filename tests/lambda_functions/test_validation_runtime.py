"""The validation under AWS's own runtime client, which a Runtime API of the test sends events.

https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html
"""

import json
import os
import queue
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from processes import HANG
from transactions import accepted, refused, transaction

from tap.inline import function_source

DEADLINE = str(2**41)  # milliseconds, in 2039

Answered = tuple[str, Any]


class RuntimeApi(ThreadingHTTPServer):
    """Hands out one event after the other, and keeps what comes back: `response` or `error`, and its JSON."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.events: queue.Queue[bytes] = queue.Queue()
        self.answers: queue.Queue[Answered] = queue.Queue()

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.server_port}"


class Handler(BaseHTTPRequestHandler):
    server: RuntimeApi

    def do_GET(self) -> None:
        assert self.path == "/2018-06-01/runtime/invocation/next"
        event = self.server.events.get()
        self.send_response(200)
        for name, value in {
            "Lambda-Runtime-Aws-Request-Id": "6f1c2b9e-8f1e-4c8e-9c1d-2b7a3e5d9f10",
            "Lambda-Runtime-Deadline-Ms": DEADLINE,
            "Lambda-Runtime-Invoked-Function-Arn": "arn:aws:lambda:eu-west-1:123456789012:function:validation:live",
            "Content-Type": "application/json", "Content-Length": str(len(event)),
        }.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(event)

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.answers.put((self.path.rsplit("/", 1)[1], body))
        self.send_response(202)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        pass


class Runtime:
    """A runtime that runs the function, and its Runtime API."""

    def __init__(self, api: RuntimeApi, process: subprocess.Popen[bytes]) -> None:
        self.api, self.process = api, process

    def send(self, event: bytes) -> Answered:
        self.api.events.put(event)
        return self.receive()

    def receive(self) -> Answered:
        return self.api.answers.get(timeout=HANG)

    def log(self) -> list[str]:
        """Ends the runtime; what it printed."""
        self.process.terminate()
        output, _ = self.process.communicate(timeout=HANG)
        return output.decode().splitlines()


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Runtime]]:
    """Starts what the template inlines, with these environment variables."""
    started: list[Runtime] = []
    tmp_path.joinpath("index.py").write_text(function_source("validation"), encoding="ascii")

    def run(**variables: str) -> Runtime:
        api = RuntimeApi()
        threading.Thread(target=api.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        process = subprocess.Popen(
            [sys.executable, "-m", "awslambdaric", "index.handler"], cwd=tmp_path,
            env={"PATH": os.environ["PATH"], "AWS_LAMBDA_RUNTIME_API": api.address, "PYTHONPATH": str(tmp_path),
                 "AWS_LAMBDA_FUNCTION_NAME": "validation", "AWS_LAMBDA_FUNCTION_VERSION": "1",
                 "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "256", "AWS_REGION": "eu-west-1",
                 "AWS_DEFAULT_REGION": "eu-west-1"} | variables,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        runtime = Runtime(api, process)
        started.append(runtime)
        return runtime

    yield run
    for runtime in started:
        runtime.process.kill()
        runtime.process.communicate()
        runtime.api.shutdown()
        runtime.api.server_close()


def encoded(event: Any) -> bytes:
    return json.dumps(event).encode()


def test_events_are_answered_one_after_the_other(start: Callable[..., Runtime]) -> None:
    runtime = start()
    deep = b'{"transaction": ' + b"[" * 200 + b"]" * 200 + b"}"
    http = {"requestContext": {"elb": {}}, "headers": {}, "body": json.dumps({"transaction": transaction()})}
    for event, expected in (
            (encoded({"transaction": transaction()}), accepted()),
            (encoded({"transaction": transaction(amount="abc")}), refused("amount_format")),
            (encoded(http), accepted()), (b"null", refused("missing_field", "transaction_id")),
            (b'""', refused("missing_field", "transaction_id")), (deep, refused("missing_field", "transaction_id")),
            (encoded({"transaction": transaction(amount=0.1)}), accepted())):
        kind, answer = runtime.send(event)
        assert kind == "response"
        assert (answer["statusCode"], json.loads(answer["body"])) == expected


def test_what_the_runtime_cannot_read_is_its_own_error_and_the_next_is_answered(
        start: Callable[..., Runtime]) -> None:
    runtime = start()
    kind, error = runtime.send(b'{"transaction": {"amount": ' + b"1" * 5_000 + b"}}")
    assert (kind, error["errorType"]) == ("error", "Runtime.UnmarshalError")
    kind, answer = runtime.send(encoded({"transaction": transaction()}))
    assert (kind, answer["statusCode"]) == ("response", 200)


def test_a_request_logs_one_line_under_the_id_that_lambda_gave_it(start: Callable[..., Runtime]) -> None:
    runtime = start()
    runtime.send(encoded({"transaction": transaction()}))
    [line] = [json.loads(line) for line in runtime.log() if line.startswith("{")]
    assert (line["requestId"], line["FunctionName"]) == ("6f1c2b9e-8f1e-4c8e-9c1d-2b7a3e5d9f10", "validation")
    assert line["Accepted"] == 1


def test_a_table_out_of_reach_is_answered_503_in_time(start: Callable[..., Runtime]) -> None:
    runtime = start(
        DYNAMODB_TABLE="sessions", AWS_ENDPOINT_URL="http://127.0.0.1:9",
        AWS_ACCESS_KEY_ID="test", AWS_SECRET_ACCESS_KEY="test", AWS_CONFIG_FILE=os.devnull,
        AWS_SHARED_CREDENTIALS_FILE=os.devnull)
    kind, answer = runtime.send(encoded({"transaction": transaction(), "synchronous": True}))
    assert kind == "response"
    assert (answer["statusCode"], json.loads(answer["body"])) == refused("unavailable")
    kind, error = runtime.send(encoded({"transaction": transaction()}))
    assert (kind, error["errorType"]) == ("error", "Undecided")
    lines = [json.loads(line) for line in runtime.log() if line.startswith("{")]
    assert [line["error"] for line in lines] == ["EndpointConnectionError"] * 2


@pytest.fixture
def silent() -> Iterator[ThreadingHTTPServer]:
    """A table's server that takes requests and never answers; it knows how many."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Silent)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


class Silent(BaseHTTPRequestHandler):
    requests = 0

    def do_POST(self) -> None:
        Silent.requests += 1
        self.rfile.read()  # until the client gives up

    def log_message(self, *_: Any) -> None:
        pass


def test_of_a_batch_against_a_table_that_hangs_one_write_is_waited_for_and_the_rest_is_undecided(
        start: Callable[..., Runtime], silent: ThreadingHTTPServer) -> None:
    runtime = start(
        DYNAMODB_TABLE="sessions", AWS_ENDPOINT_URL=f"http://127.0.0.1:{silent.server_port}",
        AWS_ACCESS_KEY_ID="test", AWS_SECRET_ACCESS_KEY="test", AWS_CONFIG_FILE=os.devnull,
        AWS_SHARED_CREDENTIALS_FILE=os.devnull)
    batch = [transaction(transaction_id=f"t-{number}") for number in range(99)] + [{}]
    kind, answer = runtime.send(encoded({"transactions": batch, "synchronous": True}))
    assert (kind, answer["statusCode"]) == ("response", 200)
    assert [result["statusCode"] for result in json.loads(answer["body"])["results"]] == [503] * 99 + [400]
    # Two attempts, of two seconds each.
    assert Silent.requests == 2


def test_an_event_of_another_shape_is_an_error_that_lambda_retries(start: Callable[..., Runtime]) -> None:
    runtime = start()
    kind, error = runtime.send(encoded({"Records": [{"eventSource": "aws:sqs", "body": "{}"}]}))
    assert (kind, error["errorType"]) == ("error", "UnsupportedEvent")


def test_a_wrong_setting_is_named_by_the_error_that_ends_the_start(start: Callable[..., Runtime]) -> None:
    kind, error = start(CURRENCIES="USD").receive()
    assert kind == "error"
    assert error["errorMessage"].startswith("environment variable CURRENCIES is 'USD'; expected each currency once")
