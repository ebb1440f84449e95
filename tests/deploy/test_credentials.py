"""Every way to get credentials, each against a fake of the services that hand them out, on the loopback interface."""

import hashlib
import json
import os
import re
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import pytest
from processes import HANG

from tap.deploy.boto import Session, send
from tap.deploy.models import CallFailed, NotSignedIn

Requests = list[tuple[str, str]]
"""Each request that arrived: its operation, and the access key id that signed it."""
REGIONS = ("eu-west-1", "eu-central-1")
BASE = "[profile base]\naws_access_key_id = BASE\naws_secret_access_key = secret\n"
MFA = BASE + """[profile mfa]
role_arn = arn:aws:iam::123456789012:role/Guarded
source_profile = base
mfa_serial = arn:aws:iam::123456789012:mfa/me
"""
CALLER = """
from tap.deploy.boto import Session, send
from tap.deploy.models import TapError
session = Session()
try:
    for region in ("eu-west-1", "eu-central-1"):
        print(send(session.client(region, "sts"), "get_caller_identity", {})["Account"])
except TapError as error:
    print(error.message)
"""


class Services(BaseHTTPRequestHandler):
    """STS and IAM Identity Center: hand out credentials whose access key id is the name of the role."""

    requests: Requests

    def do_POST(self) -> None:
        form = {name: values[0] for name, values in parse_qs(
            self.rfile.read(int(self.headers["Content-Length"])).decode()).items()}
        operation = form["Action"]
        self._log(operation)
        result = "<Account>123456789012</Account>"
        if operation != "GetCallerIdentity":
            if "SerialNumber" in form and form.get("TokenCode") != "123456":
                self._answer("<ErrorResponse><Error><Code>AccessDenied</Code><Message>MultiFactorAuthentication failed "
                             "with invalid MFA one time pass code.</Message></Error></ErrorResponse>", 403)
                return
            result = "<Credentials>{}</Credentials>".format("".join(
                f"<{name}>{value}</{name}>" for name, value in credentials(form["RoleArn"].split("/")[1]).items()))
        self._answer(f"<{operation}Response><{operation}Result>{result}</{operation}Result>"
                     f"<ResponseMetadata><RequestId>1</RequestId></ResponseMetadata></{operation}Response>")

    def do_GET(self) -> None:
        self._log(f"GetRoleCredentials with {self.headers['x-amz-sso_bearer_token']}")
        self._answer(json.dumps({"roleCredentials": {
            "accessKeyId": "SSO", "secretAccessKey": "secret", "sessionToken": "token",
            "expiration": int((datetime.now(UTC) + timedelta(hours=1)).timestamp() * 1000)}}))

    def _log(self, operation: str) -> None:
        signature = re.search(r"Credential=([^/]+)/", self.headers.get("Authorization", ""))
        self.requests.append((operation, signature[1] if signature else ""))

    def _answer(self, text: str, status: int = 200) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, *_: Any) -> None: ...


def credentials(key: str) -> dict[str, str]:
    return {"AccessKeyId": key, "SecretAccessKey": "secret", "SessionToken": "token",
            "Expiration": f"{datetime.now(UTC) + timedelta(hours=1):%Y-%m-%dT%H:%M:%SZ}"}


@pytest.fixture
def requests(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Requests]:
    """Start the services for whoever has this environment; nothing else of AWS is configured in it."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    class Handler(Services):
        requests: Requests = []  # noqa: RUF012  (of this class alone)

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, args=[0.01], daemon=True).start()
    for name, value in {
            "HOME": str(tmp_path), "AWS_CONFIG_FILE": str(tmp_path / "config"), "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_SHARED_CREDENTIALS_FILE": str(tmp_path / "credentials"),
            "AWS_ENDPOINT_URL": f"http://127.0.0.1:{server.server_port}"}.items():
        monkeypatch.setenv(name, value)
    yield Handler.requests
    server.shutdown()
    server.server_close()


@pytest.fixture
def profile(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[[str, str], None]:
    def use(name: str, text: str) -> None:
        (tmp_path / "config").write_text(text)
        monkeypatch.setenv("AWS_PROFILE", name)

    return use


def ask_in_each_region(session: Session) -> None:
    for region in REGIONS:
        send(session.client(region, "sts"), "get_caller_identity", {})


def nobody(_question: str) -> str:
    raise AssertionError("nobody is to be asked")


def caller(folder: Path) -> str:
    """Return what a process without a terminal prints that calls AWS in each region."""
    done = subprocess.run([sys.executable, "-c", CALLER], cwd=Path(__file__).parents[2], env={
        **os.environ, "HOME": str(folder)}, stdin=subprocess.DEVNULL, start_new_session=True, capture_output=True,
        text=True, timeout=HANG, check=True)
    return done.stdout + done.stderr


def test_a_role_with_mfa_asks_for_one_code_for_all_regions(requests: Requests, profile: Any) -> None:
    profile("mfa", MFA)
    questions: list[str] = []

    def answer(question: str) -> str:
        questions.append(question)
        return "123456"

    ask_in_each_region(Session(ask=answer))

    assert questions == ["Enter MFA code for arn:aws:iam::123456789012:mfa/me: "]
    assert requests == [("AssumeRole", "BASE"), ("GetCallerIdentity", "Guarded"), ("GetCallerIdentity", "Guarded")]


def test_a_code_counts_for_the_next_command_too(requests: Requests, profile: Any) -> None:
    profile("mfa", MFA)
    ask_in_each_region(Session(ask=lambda _question: "123456"))

    ask_in_each_region(Session(ask=nobody))

    assert [operation for operation, _ in requests].count("AssumeRole") == 1


def test_credentials_of_a_role_are_cached_for_their_owner_alone(
        requests: Requests, profile: Any, tmp_path: Path) -> None:
    profile("mfa", MFA)
    ask_in_each_region(Session(ask=lambda _question: "123456"))

    assert [file.stat().st_mode & 0o777 for file in (tmp_path / ".aws/cli/cache").iterdir()] == [0o600]
    assert requests


def test_a_home_that_cannot_be_written_costs_the_cache_only(requests: Requests, profile: Any, tmp_path: Path) -> None:
    (tmp_path / ".aws").write_text("a file where the folder would be")
    profile("mfa", MFA)

    ask_in_each_region(Session(ask=lambda _question: "123456"))

    assert requests[-1] == ("GetCallerIdentity", "Guarded")


@pytest.mark.usefixtures("requests")
def test_a_wrong_code_is_one_line(profile: Any) -> None:
    profile("mfa", MFA)

    with pytest.raises(CallFailed, match=r"^AWS does not allow AssumeRole: .*invalid MFA one time pass code\.$"):
        ask_in_each_region(Session(ask=lambda _question: "000000"))


def test_while_the_user_enters_a_code_the_session_is_asking(requests: Requests, profile: Any) -> None:
    profile("mfa", MFA)
    asking: list[bool] = []

    def answer(_question: str) -> str:
        asking.append(session.is_asking)
        return "123456"

    session = Session(ask=answer)
    ask_in_each_region(session)

    assert (asking, session.is_asking) == ([True], False)
    assert requests


@pytest.mark.parametrize("error", [EOFError(), OSError("no such device")])
@pytest.mark.usefixtures("requests")
def test_a_question_that_nobody_answers_is_one_line(profile: Any, error: Exception) -> None:
    def fails(_question: str) -> str:
        raise error

    profile("mfa", MFA)

    with pytest.raises(NotSignedIn, match=r"requires an MFA code, and there is no terminal"):
        ask_in_each_region(Session(ask=fails))


def test_mfa_without_a_terminal_is_one_line(requests: Requests, profile: Any, tmp_path: Path) -> None:
    profile("mfa", MFA)

    assert caller(tmp_path) == (
        "no AWS credentials: the profile's role requires an MFA code, and there is no terminal to enter one: run this "
        'in a terminal, or first sign in with: eval "$(aws configure export-credentials --format env)"\n')
    assert requests == []


def test_a_chain_of_roles_is_assumed_role_by_role_once(requests: Requests, profile: Any) -> None:
    profile("second", BASE + """[profile first]
role_arn = arn:aws:iam::123456789012:role/First
source_profile = base
[profile second]
role_arn = arn:aws:iam::210987654321:role/Second
source_profile = first
""")

    ask_in_each_region(Session(ask=nobody))

    assert requests == [("AssumeRole", "BASE"), ("AssumeRole", "First"),
                        ("GetCallerIdentity", "Second"), ("GetCallerIdentity", "Second")]


def test_a_web_identity_token_is_exchanged_once(
        requests: Requests, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "token").write_text("a token of the pipeline's")
    monkeypatch.setenv("AWS_WEB_IDENTITY_TOKEN_FILE", str(tmp_path / "token"))
    monkeypatch.setenv("AWS_ROLE_ARN", "arn:aws:iam::123456789012:role/Pipeline")

    ask_in_each_region(Session(ask=nobody))

    assert requests == [("AssumeRoleWithWebIdentity", ""),
                        ("GetCallerIdentity", "Pipeline"), ("GetCallerIdentity", "Pipeline")]


def test_a_credential_process_is_run_once(requests: Requests, profile: Any, tmp_path: Path) -> None:
    answer = json.dumps({"Version": 1, **credentials("PROCESS")})
    (tmp_path / "program.py").write_text(f"open({str(tmp_path / 'runs')!r}, 'a').write('x')\nprint({answer!r})\n")
    profile("ci", f"[profile ci]\ncredential_process = {sys.executable} {tmp_path / 'program.py'}\n")

    ask_in_each_region(Session(ask=nobody))

    assert requests == [("GetCallerIdentity", "PROCESS")] * len(REGIONS)
    assert (tmp_path / "runs").read_text() == "x"


SSO = """[profile sso]
sso_session = company
sso_account_id = 123456789012
sso_role_name = Deployer
[sso-session company]
sso_region = eu-west-1
sso_start_url = https://company.awsapps.com/start
"""


def test_iam_identity_center_gives_credentials_for_the_token_of_aws_sso_login(
        requests: Requests, profile: Any, tmp_path: Path) -> None:
    cache = tmp_path / ".aws/sso/cache"
    cache.mkdir(parents=True)
    (cache / f"{hashlib.sha1(b'company').hexdigest()}.json").write_text(json.dumps({
        "startUrl": "https://company.awsapps.com/start", "region": "eu-west-1", "accessToken": "signed-in",
        "expiresAt": f"{datetime.now(UTC) + timedelta(hours=1):%Y-%m-%dT%H:%M:%SZ}"}))
    profile("sso", SSO)

    assert caller(tmp_path) == "123456789012\n" * len(REGIONS)
    assert requests == [("GetRoleCredentials with signed-in", ""), *[("GetCallerIdentity", "SSO")] * len(REGIONS)]


def test_without_aws_sso_login_it_is_said_to_sign_in(requests: Requests, profile: Any, tmp_path: Path) -> None:
    profile("sso", SSO)

    assert re.fullmatch(r"no AWS credentials: .*sign in \(aws sso login.*\n", caller(tmp_path))
    assert requests == []
