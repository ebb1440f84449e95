"""What is not AWS may answer in its place: a proxy, a sign-in page, an emulator that has only half of the API."""

import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from deploy_fakes import DEV, STACK_ID, Recorder, cloud_of, planned

from tap.deploy.boto import connect
from tap.deploy.cloudformation import CloudFormation
from tap.deploy.models import CallFailed, LeftRunning

PAGE = "<html><head><title>Sign in</title></head><body><p>Welcome</p></body></html>"


def cloudformation(operation: str, result: str) -> str:
    return (f'<{operation}Response xmlns="http://cloudformation.amazonaws.com/doc/2010-05-15/">'
            f"<{operation}Result>{result}</{operation}Result></{operation}Response>")


@pytest.fixture
def answered() -> Iterator[Callable[[int, str], CloudFormation]]:
    """Return a function that gives CloudFormation behind something that answers everything with one status and text."""
    servers: list[Any] = []

    def start(status: int, text: str) -> CloudFormation:
        class Answering(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                self.rfile.read(int(self.headers["Content-Length"]))
                self.send_response(status)
                self.send_header("Content-Length", str(len(text.encode())))
                self.end_headers()
                self.wfile.write(text.encode())

            def log_message(self, *_: Any) -> None: ...

        server = ThreadingHTTPServer(("127.0.0.1", 0), Answering)
        threading.Thread(target=server.serve_forever, args=[0.01], daemon=True).start()
        servers.append(server)
        return cloud_of(connect(
            "cloudformation", region="eu-west-1", endpoint_url=f"http://127.0.0.1:{server.server_port}",
            access_key_id="test", secret_access_key="test"))

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


@pytest.mark.parametrize("text", [
    PAGE, f"<!DOCTYPE html>{PAGE}<br>", "", "{}", "<a/>", cloudformation("DescribeStacks", ""),
    cloudformation("DescribeStacks", "<Stacks><member><Tags/></member></Stacks>"),
    cloudformation("DescribeStacks", "<Stacks><member><CreationTime>soon</CreationTime></member></Stacks>"),
], ids=["page", "untidy page", "nothing", "JSON", "XML", "no list", "an empty stack", "no time"])  # fmt: skip
def test_an_answer_that_is_not_awss_is_one_line(answered: Any, text: str) -> None:
    cloud = answered(200, text)

    with pytest.raises(CallFailed, match=r"^http://127\S+ sent an unreadable response to describe_stacks:.*$"):
        planned(cloud, DEV, "{}")


@pytest.mark.parametrize("status", [302, 403, 404, 407])
def test_a_page_in_place_of_an_error_is_one_line(answered: Any, status: int) -> None:
    cloud = answered(status, PAGE)

    with pytest.raises(CallFailed, match=r"sent an unreadable response to describe_stacks: .* emulator .*\?$"):
        planned(cloud, DEV, "{}")


@pytest.mark.parametrize("status", [200, 302])
def test_a_sign_in_page_that_comes_up_while_watching_leaves_the_stack_to_cloudformation(
        answered: Any, status: int) -> None:
    cloud = answered(status, PAGE)

    with pytest.raises(LeftRunning, match=r"sign-in page.*tap watch dev"):
        cloud.finish(DEV, STACK_ID, set(), None, Recorder(), "UPDATE_COMPLETE")


@pytest.mark.parametrize(("method", "request_"), [
    ("delete_stack", {"StackName": "tap-dev"}), ("set_stack_policy", {"StackName": "tap-dev", "StackPolicyBody": "{}"}),
    ("update_termination_protection", {"StackName": "tap-dev", "EnableTerminationProtection": True}),
    ("execute_change_set", {"ChangeSetName": "arn:aws:cloudformation:eu-west-1:123456789012:changeSet/tap-1/1"}),
])  # fmt: skip
def test_a_page_is_not_taken_for_a_success_that_says_nothing(
        answered: Any, method: str, request_: dict[str, Any]) -> None:
    cloud = answered(200, PAGE)

    with pytest.raises(CallFailed, match=rf"sent an unreadable response to {method}"):
        cloud.aws.call(method, **request_)
