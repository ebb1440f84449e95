"""Custom::EmptyBucket puts its answer to the presigned URL, a secret, until it is taken.

That the URL is signed for an empty Content-Type is seen in AWS's own cfn-response module:
https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cfn-lambda-function-code-cfnresponsemodule.html
"""

import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from types import ModuleType
from typing import Any

import pytest

SECRET = "X-Amz-Signature=5ecr3t"


class Receiver(HTTPServer):
    """Stands for the presigned URL: keeps what it is sent, and answers with the next of `statuses`."""

    def __init__(self, *statuses: int) -> None:
        super().__init__(("127.0.0.1", 0), PutHandler)
        self.statuses = list(statuses)
        self.received: list[tuple[str, str, dict[str, str], bytes]] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/answer?{SECRET}"


class PutHandler(BaseHTTPRequestHandler):
    server: Receiver

    def do_PUT(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.received.append((self.command, self.path, dict(self.headers), body))
        self.send_response(self.server.statuses.pop(0))
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def receiver() -> Iterator[Callable[..., Receiver]]:
    servers: list[Receiver] = []

    def start(*statuses: int) -> Receiver:
        server = Receiver(*statuses)
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        servers.append(server)
        return server

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


def test_the_answer_is_put_with_an_empty_content_type(
    empty_bucket: ModuleType, receiver: Callable[..., Receiver]
) -> None:
    server = receiver(200)
    event = {
        "RequestType": "Create",
        "ResponseURL": server.url,
        "StackId": "s",
        "RequestId": "r",
        "LogicalResourceId": "Emptier",
        "ResourceProperties": {"BucketName": "assets"},
    }
    empty_bucket.handler(event, None)
    [(method, path, headers, body)] = server.received
    assert (method, path, headers["Content-Type"]) == ("PUT", f"/answer?{SECRET}", "")
    assert json.loads(body)["Status"] == "SUCCESS"


def test_an_answer_that_is_not_taken_is_sent_again_after_a_pause(
    empty_bucket: ModuleType, receiver: Callable[..., Receiver]
) -> None:
    server = receiver(503, 500, 200)
    pauses: list[float] = []
    empty_bucket._send(server.url, b"{}", sleep=pauses.append)
    assert [body for *_, body in server.received] == [b"{}"] * 3
    assert pauses == [0, 1, 2]


def test_an_answer_taken_is_not_sent_again(
    empty_bucket: ModuleType, receiver: Callable[..., Receiver]
) -> None:
    server = receiver(200, 200)
    empty_bucket._send(server.url, b"{}", sleep=lambda _: None)
    assert len(server.received) == 1


@pytest.mark.parametrize(
    "url", ["{server}", "http://127.0.0.1:1/?{secret}", "no-url?{secret}", "http://a b/{secret}"]
)
def test_an_answer_never_taken_raises_without_the_url_so_that_lambda_runs_the_function_again(
    empty_bucket: ModuleType, receiver: Callable[..., Receiver], url: str
) -> None:
    server = receiver(403, 403, 403)
    with pytest.raises(RuntimeError, match="cannot send the response to CloudFormation: ") as raised:
        empty_bucket._send(url.format(server=server.url, secret=SECRET), b"{}", sleep=lambda _: None)
    assert SECRET not in str(raised.value)
    assert raised.value.__context__ is None
