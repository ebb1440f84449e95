"""The emulator starts alone, knows nothing of its caller, and leaves nothing behind."""

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from processes import wait_until

from tap.rehearsal.emulator import ACCOUNT, clients, emulator, environment, no_aws_settings

HOLD = """
import os, signal
from tap.rehearsal.emulator import emulator
with emulator() as endpoint:
    print(endpoint, flush=True)
    os.kill(os.getpid(), signal.SIGKILL)
"""
ASK = """
from tap.rehearsal.emulator import clients, emulator
with emulator() as endpoint:
    print(clients(endpoint)("sts").get_caller_identity()["Account"])
"""


def is_listening(endpoint):
    host, port = endpoint.removeprefix("http://").split(":")
    with socket.socket() as probe:
        return probe.connect_ex((host, int(port))) == 0


def run(code, **settings):
    return subprocess.run(
        [sys.executable, "-c", code], env={**os.environ, **settings}, capture_output=True, text=True,
        check=False)


def temporary_folders(folder):
    return [path.name for path in Path(folder).iterdir() if path.name.startswith("tap-rehearsal-")]


def test_it_listens_on_loopback_and_is_gone_after_the_block():
    with emulator() as endpoint:
        assert endpoint.startswith("http://127.0.0.1:")
        assert is_listening(endpoint)
    assert not is_listening(endpoint)


def test_it_ends_with_a_caller_that_is_killed_and_leaves_no_folder(tmp_path):
    endpoint = run(HOLD, TMPDIR=str(tmp_path)).stdout.strip()
    assert endpoint
    wait_until(lambda: not is_listening(endpoint) and temporary_folders(tmp_path) == [])


def test_no_setting_of_the_caller_keeps_it_from_working():
    finished = run(
        ASK, AWS_PROFILE="no-such-profile", AWS_USE_FIPS_ENDPOINT="true", AWS_CONFIG_FILE="/no/such/file",
        AWS_ENDPOINT_URL="http://127.0.0.1:9", HTTP_PROXY="http://127.0.0.1:9",
        http_proxy="http://127.0.0.1:9", AWS_ACCESS_KEY_ID="999999999999")
    assert (finished.stdout.strip(), finished.returncode) == (ACCOUNT, 0), finished.stderr


def test_a_client_is_made_once(aws):
    assert aws("sts") is aws("sts")


def test_a_client_uses_the_region_it_is_given():
    assert clients("http://127.0.0.1:9", "eu-west-1")("sts").meta.region_name == "eu-west-1"


def test_settings_and_proxies_are_taken_out_and_put_back():
    environ = {"AWS_PROFILE": "mine", "https_proxy": "http://proxy", "HOME": "/home/me"}
    with no_aws_settings(environ):
        assert environ == {
            "HOME": "/home/me", "AWS_CONFIG_FILE": os.devnull, "AWS_SHARED_CREDENTIALS_FILE": os.devnull}
    assert environ == {"AWS_PROFILE": "mine", "https_proxy": "http://proxy", "HOME": "/home/me"}


def test_settings_are_put_back_after_an_error():
    environ = {"AWS_PROFILE": "mine"}
    with pytest.raises(KeyError), no_aws_settings(environ):
        raise KeyError
    assert environ == {"AWS_PROFILE": "mine"}


def test_the_process_gets_a_home_of_its_own():
    names = {"HOME", "TMPDIR", "S3_DATA_DIR", "STATE_DIR"}
    assert {name: value for name, value in environment("/own").items() if name in names} == {
        "HOME": "/own", "TMPDIR": "/own", "S3_DATA_DIR": "/own/s3", "STATE_DIR": "/own/state"}
