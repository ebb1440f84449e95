"""The one module that imports boto3: clients, requests, and errors in plain words."""

import functools
import getpass
import os
import threading
import warnings
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import boto3
import botocore.loaders
import botocore.session
from botocore.config import Config
from botocore.credentials import create_credential_resolver
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
from botocore.utils import JSONFileCache

from tap.deploy.constraints import did_you_mean
from tap.deploy.models import THROTTLING_CODES, CallFailed, InputError, NotSignedIn
from tap.deploy.wording import reason_of

_CREDENTIAL_CODES = (
    "AuthFailure", "ExpiredToken", "ExpiredTokenException", "InvalidAccessKeyId", "InvalidClientTokenId",
    "InvalidSignatureException", "InvalidToken", "MissingAuthenticationToken", "RequestExpired",
    "SignatureDoesNotMatch", "UnrecognizedClientException",
)  # fmt: skip
# S3's error code, and how messages about a signature with the wrong time begin.
# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-troubleshooting.html
_CLOCK_CODE, _CLOCK_MESSAGES = "RequestTimeTooSkewed", ("Signature expired", "Signature not yet current")
_CREDENTIAL_ERRORS = (
    CredentialRetrievalError, LoginError, NoAuthTokenError, NoCredentialsError, PartialCredentialsError,
    SSOError, TokenRetrievalError,
)  # fmt: skip
# Time out a hanging connection before the user gives up.
_CONNECT_SECONDS, _READ_SECONDS = 5, 20
_SIGN_IN = "sign in (aws sso login, aws configure, AWS_PROFILE), then run this command again"
_WITHOUT_MFA = ("run this in a terminal, or first sign in with: "
                'eval "$(aws configure export-credentials --format env)"')
_CLI_CACHE = Path("~/.aws/cli/cache")
_RENEW_WITHOUT = "set AWS_ACCESS_KEY_ID, AWS_SESSION_TOKEN and AWS_REGION without it, then run this command again"
_HINTS = {EndpointConnectionError: " (is the region correct?)",
          SSLError: " (is a proxy in between? AWS_CA_BUNDLE names the file with its certificate)"}
_RENEW = "renew them (aws sso login, aws configure, AWS_PROFILE), then run this command again"


class Session:
    """Creates AWS clients from the usual configuration, one for each region and service.

    All share one set of credentials, resolved once: AWS accepts an MFA code only once. Threads may share a
    session. https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_mfa_configure-api-require.html
    """

    def __init__(self, ask: Callable[[str], str] = getpass.getpass) -> None:
        """Create a session; `ask` prompts the user for an MFA code and takes the prompt's text."""
        self._ask = ask
        self._boto: Any = None
        self._clients: dict[tuple[str | None, str], Any] = {}
        # https://docs.aws.amazon.com/boto3/latest/guide/session.html: not thread safe
        self._lock = threading.Lock()
        self.is_asking = False  # whether the user is being asked for an MFA code

    def client(self, region: str | None, service: str) -> Any:
        """Return the client of a service in a region, by default the configured region. Raises InputError."""
        with self._lock:
            if (region, service) not in self._clients:
                self._clients[region, service] = self.connect(service, region=region)
            return self._clients[region, service]

    def connect(
        self,
        service: str,
        *,
        region: str | None = None,
        endpoint_url: str | None = None,
        access_key_id: str | None = None,
        secret_access_key: str | None = None,
        read_seconds: int = _READ_SECONDS,
    ) -> Any:
        """Return a new client of a service; omitted arguments come from the usual AWS configuration.

        That includes AWS_PROFILE, AWS_REGION, AWS_DEFAULT_REGION, AWS_ENDPOINT_URL, AWS_ENDPOINT_URL_CLOUDFORMATION
        and AWS_MAX_ATTEMPTS. `read_seconds` is how long a response may take. Raises InputError.
        """
        config = Config(connect_timeout=_CONNECT_SECONDS, read_timeout=read_seconds, retries={"mode": "standard"})
        try:
            self._boto = self._boto or self._signed_in_session(region)
            client = self._boto.client(
                service, region_name=region, endpoint_url=endpoint_url, config=config,
                aws_access_key_id=access_key_id, aws_secret_access_key=secret_access_key)
            _ = urlsplit(client.meta.endpoint_url).port  # ValueError for a malformed endpoint
        except NoRegionError:
            raise InputError(
                "no region: use --region, set region in parameters/targets.toml, or set AWS_REGION") from None
        except (BotoCoreError, ValueError, OSError) as error:
            raise InputError(f"cannot set up a connection to AWS: {_one_line(error)}: check AWS_PROFILE, "
                             "AWS_ENDPOINT_URL and the AWS configuration") from None
        check_regions([client.meta.region_name], client.meta.endpoint_url)
        return client

    def _signed_in_session(self, region: str | None) -> Any:
        """Return boto3's session; `region` is where roles are assumed, by default the configured one."""
        core = botocore.session.get_session()
        core.register_component("data_loader", _loader())
        # botocore reads AWS_DEFAULT_REGION alone; in the AWS CLI and the other SDKs AWS_REGION takes precedence.
        # https://docs.aws.amazon.com/sdkref/latest/guide/feature-region.html
        session = boto3.Session(botocore_session=core, region_name=os.environ.get("AWS_REGION") or None)
        resolver = create_credential_resolver(core, region_name=region or session.region_name)
        roles = resolver.get_provider("assume-role")
        roles.cache, roles._prompter = _CliCache(_CLI_CACHE.expanduser()), self._code
        core.register_component("credential_provider", resolver)
        return session

    def _code(self, question: str) -> str:
        """Ask for an MFA code and return it. Raises NotSignedIn without a terminal."""
        self.is_asking = True
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("error", getpass.GetPassWarning)  # which comes before it reads standard input
                return self._ask(question)
        except (getpass.GetPassWarning, EOFError, OSError):
            raise NotSignedIn(f"no AWS credentials: the profile's role requires an MFA code, and there is no terminal "
                              f"to enter one: {_WITHOUT_MFA}") from None
        finally:
            self.is_asking = False


class _CliCache(JSONFileCache):  # type: ignore[misc]
    """The AWS CLI's cache of assumed roles: an MFA code entered for either works for both, until it expires."""

    def __setitem__(self, key: str, value: Any) -> None:
        with suppress(OSError):  # a read-only home directory
            super().__setitem__(key, value)


def connect(service: str, **options: Any) -> Any:
    """Return a client with a session of its own, as `Session.connect` does. Raises InputError."""
    return Session().connect(service, **options)


@functools.cache
def _loader() -> Any:
    """Return botocore's data loader; shared, because each session would otherwise parse the same files again."""
    return botocore.loaders.create_loader(os.environ.get("AWS_DATA_PATH"))


def _partitions() -> list[dict[str, Any]]:
    return list(_loader().load_data("partitions")["partitions"])


def url_suffix(partition: str) -> str:
    """Return a partition's DNS suffix, such as amazonaws.com."""
    return str(next(known["outputs"]["dnsSuffix"] for known in _partitions() if known["id"] == partition))


def is_aws(endpoint: str) -> bool:
    """Return whether a URL is AWS's own, in any partition, not an emulator's or a proxy's."""
    host = urlsplit(endpoint).hostname or ""
    return any(host.endswith(f".{known['outputs'][suffix]}")
               for known in _partitions() for suffix in ("dnsSuffix", "dualStackDnsSuffix"))


def check_regions(names: Iterable[str], endpoint: str) -> None:
    """Raise InputError for a region that does not exist: its host name never resolves, and each retry waits for that.

    An emulator (an `endpoint` that is not AWS's) accepts any region.
    """
    known = {name for partition in _partitions() for name in partition["regions"] if not name.endswith("-global")}
    for name in names:
        if name not in known and is_aws(endpoint):
            raise InputError(f"region {name} does not exist{did_you_mean(name, known) or ':'} "
                             f"correct it, or update boto3 {boto3.__version__} if the region is new")


class _Response(dict[str, Any]):
    """A response from AWS, or a part of one; reading a missing member raises CallFailed."""

    def __init__(self, members: Mapping[str, Any], unreadable: CallFailed) -> None:
        """Wrap a response that botocore has parsed; reading a missing member raises `unreadable`."""
        super().__init__({name: _part(value, unreadable) for name, value in members.items()})
        self._unreadable = unreadable

    def __missing__(self, name: str) -> Any:
        raise self._unreadable


def _part(value: Any, unreadable: CallFailed) -> Any:
    if type(value) is dict:  # botocore returns a template as an OrderedDict, and the API does not define its shape
        return _Response(value, unreadable)
    return [_part(item, unreadable) for item in value] if isinstance(value, list) else value


def send(client: Any, method: str, request: Mapping[str, Any]) -> Any:
    """Send one request and return the response. Raises CallFailed, or NotSignedIn for a problem with credentials."""
    operation = getattr(client, method)
    unreadable = CallFailed(
        f"{client.meta.endpoint_url} sent an unreadable response to {method}: is there a proxy or a sign-in page in "
        f"between, or an emulator without {method}?", passing=True)
    try:
        answer = operation(**request)
        # When there is nothing to parse, botocore accepts any page as a response. AWS gives each response an id.
        # https://docs.aws.amazon.com/boto3/latest/guide/error-handling.html
        if answer.keys() == {"ResponseMetadata"} and "RequestId" not in answer["ResponseMetadata"]:
            raise unreadable
        return _part(answer, unreadable)
    except ClientError as error:
        if not error.response.get("Error"):  # not AWS's error: a proxy's, for example
            raise unreadable from None
        raise _refused(error, client.meta.service_model.service_id) from None
    except _CREDENTIAL_ERRORS as error:
        raise NotSignedIn(f"no AWS credentials: {_one_line(error)}: {_SIGN_IN}") from None
    except (BotoConnectionError, HTTPClientError) as error:
        if "Invalid header value" in str(error):  # the message contains the value, which may be a session token
            raise NotSignedIn("the AWS credentials or the region contain a line break or another invalid character: "
                              f"{_RENEW_WITHOUT}") from None
        hint = next((hint for kind, hint in _HINTS.items() if isinstance(error, kind)), "")
        raise CallFailed(f"no response from AWS: {_one_line(error)}{hint}", passing=True) from None
    except BotoCoreError as error:
        raise CallFailed(_one_line(error)) from None
    # A file or program that provides credentials failed, or nobody answered the prompt for a code.
    except (OSError, EOFError) as error:
        raise NotSignedIn(f"no AWS credentials: {_one_line(error)}: {_SIGN_IN}") from None
    # botocore's parsers fail on a response that is not AWS's; the message may be the whole response.
    except (ResponseParserError, LookupError, ValueError, TypeError, AttributeError):
        raise unreadable from None


def _refused(error: ClientError, service: str) -> CallFailed:
    code = error.response["Error"].get("Code", "")
    message = reason_of(_one_line(error.response["Error"].get("Message", "")))
    operation = error.operation_name
    if code == _CLOCK_CODE or (code in _CREDENTIAL_CODES and message.startswith(_CLOCK_MESSAGES)):
        return NotSignedIn(f"this machine's clock is out of sync with AWS ({code}: {message}): correct it, then run "
                           "this command again",
                           code)
    if code in _CREDENTIAL_CODES:
        return NotSignedIn(f"AWS does not accept the credentials ({code}): {_RENEW}", code)
    if "AccessDenied" in code or code == "UnauthorizedOperation":
        return CallFailed(f"AWS does not allow {operation}: {message}", code)
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    return CallFailed(
        f"{service} rejected {operation} ({code}): {message}",
        code,
        passing=status >= 500 or code in THROTTLING_CODES,
    )


def _one_line(text: object) -> str:
    return " ".join(str(text).split())
