"""The real AWS CLI deploys the template to the emulator, as a platform engineer would without `tap`."""

import os
import re
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from processes import HANG

from tap.deploy.parameters import load_environment
from tap.rehearsal.emulator import emulator

AWS = Path(sys.executable).with_name("aws")
OUTPUTS = [
    "CloudFrontURL", "DatabaseEndpoint", "LoadBalancerDNS", "ServiceHealthAlarm", "SessionsTableName",
    "ValidationLambdaArn"]


@dataclass(frozen=True)
class Endpoints:
    """Where the CLI finds CloudFormation, and where S3."""

    cloudformation: str
    s3: str


@pytest.fixture
def endpoints() -> Iterator[Endpoints]:
    """An emulator of which nobody hears that a stack is in progress, but waits until it no longer is.

    The CLI asks every 30 seconds, which is a long time for a stack that takes three.
    """
    with emulator() as behind:
        class Patient(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                status, answer = send(body)
                while b"Action=DescribeStacks&" in body and b"_IN_PROGRESS</StackStatus>" in answer:
                    time.sleep(0.2)
                    status, answer = send(body)
                self.send_response(status)
                self.send_header("Content-Type", "text/xml")
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, *_: object) -> None:
                pass

        def send(body: bytes) -> tuple[int, bytes]:
            headers = {"Content-Type": "application/x-www-form-urlencoded"}
            try:
                with direct.open(urllib.request.Request(behind, body, headers), timeout=HANG) as answer:
                    return answer.status, answer.read()
            except urllib.error.HTTPError as error:
                with error:
                    return error.code, error.read()

        direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with ThreadingHTTPServer(("127.0.0.1", 0), Patient) as server:
            threading.Thread(target=server.serve_forever, daemon=True).start()
            yield Endpoints(f"http://127.0.0.1:{server.server_port}", behind)
            server.shutdown()


def test_the_aws_cli_deploys_dev_through_a_bucket_and_finds_no_changes_the_second_time(
        endpoints: Endpoints, template: dict[str, Any], root: Path, tmp_path: Path) -> None:
    subprocess.run(
        [sys.executable, str(root / "generate.py"), "-o", "template.yaml"], cwd=tmp_path, check=True)
    settings = {
        "PATH": os.environ["PATH"], "HOME": str(tmp_path), "AWS_DEFAULT_REGION": "eu-central-1",
        "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_ENDPOINT_URL_CLOUDFORMATION": endpoints.cloudformation, "AWS_ENDPOINT_URL_S3": endpoints.s3}

    def aws(*arguments: str) -> str:
        run = subprocess.run(
            [str(AWS), *arguments, "--output", "text"], env=settings, cwd=tmp_path, capture_output=True, text=True,
            check=False)
        # How far an upload is goes there too.
        errors = re.sub("Uploading to .*", "", run.stderr).split()
        assert (run.returncode, errors) == (0, []), run.stderr
        return run.stdout

    def deploy() -> str:
        values = load_environment("dev", root, template).values.parameters
        return aws(
            "cloudformation", "deploy", "--stack-name", "tap-dev", "--template-file", "template.yaml",
            "--s3-bucket", "artifacts", "--capabilities", "CAPABILITY_IAM", "--no-fail-on-empty-changeset",
            "--parameter-overrides", *(f"{name}={value}" for name, value in values.items()))

    aws("s3", "mb", "s3://artifacts")
    assert "Successfully created/updated stack - tap-dev" in deploy()
    outputs = aws(
        "cloudformation", "describe-stacks", "--stack-name", "tap-dev", "--query", "Stacks[0].Outputs[].OutputKey")
    assert sorted(outputs.split()) == OUTPUTS
    assert "No changes to deploy. Stack tap-dev is up to date" in deploy()
