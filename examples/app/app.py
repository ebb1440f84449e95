"""The smallest application that TAP runs: `python app.py` serves requests, `python app.py health` checks that it does.

Copy it as a starting point, or read it as the image contract by example: docs/reference/image-contract.md.
"""

import json
import os
import signal
import sys
import threading
import time
import urllib.request
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

SESSION_SECONDS = 3600
MAX_BODY_BYTES = 64 * 1024
REQUIRED = ("PORT", "ENVIRONMENT", "DYNAMODB_TABLE", "VALIDATION_FUNCTION", "PROVIDER_KEY")
# Below the load balancer's idle timeout, and far below the 30 s that ECS waits between SIGTERM and SIGKILL.
AWS_CONFIG = Config(connect_timeout=2, read_timeout=8, retries={"mode": "standard", "total_max_attempts": 2})


class Settings(NamedTuple):
    """What the container's variables say."""

    port: int
    environment: str
    table: str
    function: str
    provider_key: str
    """A secret: never in a log or a response."""
    host: str
    greeting: str
    """From parameters/ENV.env, to show a variable of the application's own."""


def read_settings(variables: Mapping[str, str]) -> Settings:
    """Return the settings. Raises SystemExit with one line that names every variable that is missing."""
    if missing := [name for name in REQUIRED if not variables.get(name)]:
        raise SystemExit(f"app: missing variables: {', '.join(missing)}")
    return Settings(
        int(variables["PORT"]), variables["ENVIRONMENT"], variables["DYNAMODB_TABLE"],
        variables["VALIDATION_FUNCTION"], variables["PROVIDER_KEY"],
        variables.get("HOST", "0.0.0.0"),  # noqa: S104 (the task's interface; its security group lets the balancer in)
        variables.get("GREETING", "hello"))


class Backend:
    """The stack's table and function, as the task role lets the application use them."""

    def __init__(self, settings: Settings) -> None:
        """Take the settings; region, endpoint and credentials are those of the environment."""
        self._settings = settings
        self._table = boto3.client("dynamodb", config=AWS_CONFIG)
        self._function = boto3.client("lambda", config=AWS_CONFIG)

    def validate(self, transaction: Any) -> tuple[int, Any]:
        """Return the validation function's status and answer for one transaction."""
        # A caller that waits is told to try again, instead of Lambda's retrying an asynchronous call.
        event = {"transaction": transaction, "synchronous": True}
        response = self._function.invoke(FunctionName=self._settings.function, Payload=json.dumps(event).encode())
        answer = json.load(response["Payload"])
        if "FunctionError" in response:
            return 502, {"error": "the validation failed"}
        return answer["statusCode"], json.loads(answer["body"])

    def remember(self, session: str, transaction_id: str) -> None:
        """Write the session's latest transaction, which the table forgets after an hour."""
        self._table.put_item(TableName=self._settings.table, Item={
            "sessionId": {"S": session}, "latest": {"S": transaction_id},
            "expiresAt": {"N": str(int(time.time()) + SESSION_SECONDS)}})

    def latest(self, session: str) -> str | None:
        """Return the session's latest transaction, or None."""
        item = self._table.get_item(TableName=self._settings.table, Key={"sessionId": {"S": session}}).get("Item")
        return item["latest"]["S"] if item else None


class Handler(BaseHTTPRequestHandler):
    """Three routes: `/` and `/sessions/ID` to read, `/transactions` to send one."""

    settings: Settings
    backend: Backend
    timeout = 10

    def do_GET(self) -> None:
        """Answer the load balancer's and the container's health check, and questions about a session."""
        if self.path == "/":
            self._answer(200, {"greeting": self.settings.greeting, "environment": self.settings.environment})
        elif self.path.startswith("/sessions/"):
            self._ask(lambda: self._session(self.path.removeprefix("/sessions/")))
        else:
            self._answer(404, {"error": "not found"})

    def do_POST(self) -> None:
        """Have a transaction validated, and remember it."""
        if self.path != "/transactions":
            self._answer(404, {"error": "not found"})
            return
        try:
            length = int(self.headers.get("Content-Length", ""))
            if not 0 < length <= MAX_BODY_BYTES:
                self._answer(413, {"error": f"a body has 1 to {MAX_BODY_BYTES} bytes"})
                return
            transaction = json.loads(self.rfile.read(length))
        except ValueError:
            self._answer(400, {"error": "the body is not JSON with its length"})
            return
        self._ask(lambda: self._transaction(transaction))

    def _session(self, session: str) -> tuple[int, Any]:
        latest = self.backend.latest(session)
        return (200, {"latest": latest}) if latest else (404, {"error": "no such session"})

    def _transaction(self, transaction: Any) -> tuple[int, Any]:
        status, answer = self.backend.validate(transaction)
        if status == 200 and (session := self.headers.get("X-Session")):
            self.backend.remember(session, answer["transaction_id"])
        return status, answer

    def _ask(self, question: Any) -> None:
        try:
            self._answer(*question())
        except (BotoCoreError, ClientError) as error:
            log("backend", error=type(error).__name__)
            self._answer(503, {"error": "try again"})

    def _answer(self, status: int, body: Any) -> None:
        content = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *arguments: Any) -> None:  # noqa: ARG002 (the name is the base class's)
        """Write a line per request, with the load balancer's trace id; no body and no other header of the client's."""
        log("request", method=self.command, path=self.path.partition("?")[0], status=str(arguments[1]),
            trace=self.headers.get("X-Amzn-Trace-Id", ""))


def log(event: str, **fields: str) -> None:
    """Write one line of JSON, which CloudWatch Logs Insights reads field by field."""
    print(json.dumps({"event": event, **fields}), flush=True)


class Server(ThreadingHTTPServer):
    """Finishes the requests that it has begun before it closes."""

    daemon_threads = False
    block_on_close = True


def serve(settings: Settings) -> int:
    """Serve until SIGTERM, which ECS sends when it stops a task, then finish what has begun. Return 0."""
    handler = type("Bound", (Handler,), {"settings": settings, "backend": Backend(settings)})
    with Server((settings.host, settings.port), handler) as server:
        # `shutdown` waits for the loop that a signal interrupts, so it needs a thread of its own.
        signal.signal(signal.SIGTERM, lambda *_: threading.Thread(target=server.shutdown).start())
        log("started", port=str(server.server_port), environment=settings.environment)
        server.serve_forever()
    log("stopped")
    return 0


def is_healthy(port: str) -> bool:
    """Return whether the application answers on this machine."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=3) as response:
            return bool(response.status == 200)
    except OSError:
        return False


def main(arguments: list[str]) -> int:
    """Run the command that is given, `serve` by default, and return its exit code."""
    if arguments == ["health"]:
        return 0 if is_healthy(os.environ["PORT"]) else 1
    return serve(read_settings(os.environ))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
