"""The one module that imports boto3: clients, requests, and errors in plain words."""

import functools
import os
import threading
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlsplit

import boto3
import botocore.loaders
import botocore.session
from botocore.config import Config
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    CredentialRetrievalError,
    EndpointConnectionError,
    HTTPClientError,
    LoginError,
    NoAuthTokenError,
    NoCredentialsError,
    NoRegionError,
    PartialCredentialsError,
    SSLError,
    SSOError,
    TokenRetrievalError,
)
from botocore.exceptions import ConnectionError as BotoConnectionError
from botocore.parsers import ResponseParserError

from tap.deploy.models import THROTTLING_CODES, CallFailed, InputError, NotSignedIn

_CREDENTIAL_CODES = (
    "AuthFailure", "ExpiredToken", "ExpiredTokenException", "InvalidAccessKeyId", "InvalidClientTokenId",
    "InvalidSignatureException", "InvalidToken", "MissingAuthenticationToken", "RequestExpired",
    "SignatureDoesNotMatch", "UnrecognizedClientException",
)  # fmt: skip
# S3's code, and what the messages of signatures begin with where it is the time that is wrong in them.
# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-troubleshooting.html
_CLOCK_CODE, _CLOCK_MESSAGES = "RequestTimeTooSkewed", ("Signature expired", "Signature not yet current")
_CREDENTIAL_ERRORS = (
    CredentialRetrievalError, LoginError, NoAuthTokenError, NoCredentialsError, PartialCredentialsError,
    SSOError, TokenRetrievalError,
)  # fmt: skip
# A hanging connection is given up before the user gives up.
_CONNECT_SECONDS, _READ_SECONDS = 5, 20
_SIGN_IN = "sign in (aws sso login, aws configure, AWS_PROFILE), then run this again"
_RENEW_WITHOUT = "set AWS_ACCESS_KEY_ID, AWS_SESSION_TOKEN and AWS_DEFAULT_REGION without it, then run this again"
_HINTS = {EndpointConnectionError: " (is the region right?)",
          SSLError: " (is a proxy in between? AWS_CA_BUNDLE names the file with its certificate)"}
_RENEW = "renew them (aws sso login, aws configure, AWS_PROFILE), then run this again"


def connect(
    service: str,
    *,
    region: str | None = None,
    endpoint_url: str | None = None,
    access_key_id: str | None = None,
    secret_access_key: str | None = None,
    read_seconds: int = _READ_SECONDS,
) -> Any:
    """Return a client for an AWS service; what is not given comes from the usual AWS configuration.

    That includes AWS_PROFILE, AWS_DEFAULT_REGION, AWS_ENDPOINT_URL, AWS_ENDPOINT_URL_CLOUDFORMATION
    and AWS_MAX_ATTEMPTS. `read_seconds` is how long a response may take. Raises InputError.
    """
    config = Config(connect_timeout=_CONNECT_SECONDS, read_timeout=read_seconds, retries={"mode": "standard"})
    try:
        core = botocore.session.get_session()
        core.register_component("data_loader", _loader())
        session = boto3.Session(
            botocore_session=core, region_name=region,
            aws_access_key_id=access_key_id, aws_secret_access_key=secret_access_key)
        client = session.client(service, endpoint_url=endpoint_url, config=config)
        _ = urlsplit(client.meta.endpoint_url).port  # ValueError where it cannot be one, which botocore lets pass
        return client
    except NoRegionError:
        raise InputError(
            "no region: give --region, set region in parameters/targets.toml, or set AWS_DEFAULT_REGION"
        ) from None
    except (BotoCoreError, ValueError, OSError) as error:
        raise InputError(f"cannot set up a connection to AWS: {_one_line(error)}: check AWS_PROFILE, "
                         "AWS_ENDPOINT_URL and the AWS configuration") from None


@functools.cache
def _loader() -> Any:
    """Return what reads botocore's data; shared, since each session would parse the same files once more."""
    return botocore.loaders.create_loader(os.environ.get("AWS_DATA_PATH"))


def connections() -> Callable[[str | None, str], Any]:
    """Return a function from region and service to its client, made once each, from the usual configuration.

    The region None is the configuration's own. Many threads may share it. It raises InputError.
    """
    clients: dict[tuple[str | None, str], Any] = {}
    lock = threading.Lock()  # https://docs.aws.amazon.com/boto3/latest/guide/session.html: not thread safe

    def client(region: str | None, service: str) -> Any:
        with lock:
            if (region, service) not in clients:
                clients[region, service] = connect(service, region=region)
            return clients[region, service]

    return client


def url_suffix(partition: str) -> str:
    """Return what the host names of a partition end with, such as amazonaws.com."""
    partitions = botocore.loaders.create_loader().load_data("partitions")["partitions"]
    return str(next(known["outputs"]["dnsSuffix"] for known in partitions if known["id"] == partition))


class _Response(dict[str, Any]):
    """A response of AWS, or a part of one: reading a member that it does not have raises CallFailed."""

    def __init__(self, members: Mapping[str, Any], unreadable: CallFailed) -> None:
        """Take what botocore made of the response, and what to raise."""
        super().__init__({name: _part(value, unreadable) for name, value in members.items()})
        self._unreadable = unreadable

    def __missing__(self, name: str) -> Any:
        raise self._unreadable


def _part(value: Any, unreadable: CallFailed) -> Any:
    if type(value) is dict:  # botocore makes an OrderedDict of a template, which has no shape in the API
        return _Response(value, unreadable)
    return [_part(item, unreadable) for item in value] if isinstance(value, list) else value


def send(client: Any, method: str, request: Mapping[str, Any]) -> Any:
    """Send one request and return the response. Raises CallFailed; NotSignedIn where credentials are the problem."""
    operation = getattr(client, method)
    unreadable = CallFailed(
        f"{client.meta.endpoint_url} gives an answer to {method} that cannot be read: is a proxy or a sign-in page in "
        f"between, or an emulator that has no {method}?", passing=True)
    try:
        answer = operation(**request)
        # Where there is nothing to parse, botocore takes any page for an answer. AWS gives each an id.
        # https://docs.aws.amazon.com/boto3/latest/guide/error-handling.html
        if answer.keys() == {"ResponseMetadata"} and "RequestId" not in answer["ResponseMetadata"]:
            raise unreadable
        return _part(answer, unreadable)
    except ClientError as error:
        if not error.response.get("Error"):  # an error that is not AWS's, of a proxy, say
            raise unreadable from None
        raise _refused(error, client.meta.service_model.service_id) from None
    except _CREDENTIAL_ERRORS as error:
        raise NotSignedIn(f"no AWS credentials: {_one_line(error)}: {_SIGN_IN}") from None
    except (BotoConnectionError, HTTPClientError) as error:
        if "Invalid header value" in str(error):  # the message has the value, which may be a session token
            raise NotSignedIn("the AWS credentials or the region have a line break, or another character that cannot "
                              f"be sent: {_RENEW_WITHOUT}") from None
        hint = next((hint for kind, hint in _HINTS.items() if isinstance(error, kind)), "")
        raise CallFailed(f"AWS gives no answer: {_one_line(error)}{hint}", passing=True) from None
    except BotoCoreError as error:
        raise CallFailed(_one_line(error)) from None
    # A file or a program that credentials come from, or the question for a code, which nobody answers.
    except (OSError, EOFError) as error:
        raise NotSignedIn(f"no AWS credentials: {_one_line(error)}: {_SIGN_IN}") from None
    # What botocore's parsers trip over where the answer is another's; the message may be the whole answer.
    except (ResponseParserError, LookupError, ValueError, TypeError, AttributeError):
        raise unreadable from None


def _refused(error: ClientError, service: str) -> CallFailed:
    code = error.response["Error"].get("Code", "")
    message = _one_line(error.response["Error"].get("Message", "")) or "no reason is given"
    operation = error.operation_name
    if code == _CLOCK_CODE or (code in _CREDENTIAL_CODES and message.startswith(_CLOCK_MESSAGES)):
        return NotSignedIn(f"this machine's clock is not AWS's ({code}: {message}): set it right, then run this again",
                           code)
    if code in _CREDENTIAL_CODES:
        return NotSignedIn(f"AWS does not accept the credentials ({code}): {_RENEW}", code)
    if "AccessDenied" in code or code == "UnauthorizedOperation":
        return CallFailed(f"AWS does not allow {operation}: {message}", code)
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    return CallFailed(
        f"{service} refused {operation} ({code}): {message}",
        code,
        passing=status >= 500 or code in THROTTLING_CODES,
    )


def _one_line(text: object) -> str:
    return " ".join(str(text).split())
