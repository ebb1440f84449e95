"""The one file that imports boto3: CloudFormation as the deploy helper uses it, its errors in plain words."""

import time
import uuid
from collections.abc import Callable
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    CredentialRetrievalError,
    HTTPClientError,
    LoginError,
    NoAuthTokenError,
    NoCredentialsError,
    NoRegionError,
    PartialCredentialsError,
    SSOError,
    TokenRetrievalError,
)
from botocore.exceptions import ConnectionError as BotoConnectionError
from botocore.parsers import ResponseParserError

from tap.deploy import changesets, states
from tap.deploy.models import (
    TEMPLATE_BODY_LIMIT,
    CallFailed,
    ChangeSet,
    Environment,
    InputError,
    LeftRunning,
    NotSignedIn,
    OnEvent,
    TapError,
)
from tap.deploy.stacks import find_stack, follow, known_events

_CREDENTIAL_CODES = (
    "AuthFailure", "ExpiredToken", "ExpiredTokenException", "InvalidClientTokenId", "InvalidToken",
    "MissingAuthenticationToken", "RequestExpired", "SignatureDoesNotMatch", "UnrecognizedClientException",
)  # fmt: skip
_CREDENTIAL_ERRORS = (
    CredentialRetrievalError, LoginError, NoAuthTokenError, NoCredentialsError, PartialCredentialsError,
    SSOError, TokenRetrievalError,
)  # fmt: skip
_THROTTLING_CODES = ("Throttling", "ThrottlingException", "RequestLimitExceeded", "TooManyRequestsException")
_RENEW = "renew them (aws sso login, aws configure, AWS_PROFILE), then run this again"


def connect(
    service: str,
    *,
    region: str | None = None,
    endpoint_url: str | None = None,
    access_key_id: str | None = None,
    secret_access_key: str | None = None,
) -> Any:
    """Return a client for an AWS service; what is not given comes from the usual AWS configuration.

    That includes AWS_PROFILE, AWS_DEFAULT_REGION, AWS_ENDPOINT_URL, AWS_ENDPOINT_URL_CLOUDFORMATION
    and AWS_MAX_ATTEMPTS. Raises InputError.
    """
    try:
        return boto3.Session(
            aws_access_key_id=access_key_id, aws_secret_access_key=secret_access_key, region_name=region
        ).client(service, endpoint_url=endpoint_url, config=Config(retries={"mode": "standard"}))
    except NoRegionError:
        raise InputError(
            "no region: give --region, set region in parameters/targets.toml, or set AWS_DEFAULT_REGION"
        ) from None
    except (BotoCoreError, ValueError) as error:
        raise InputError(f"cannot set up a connection to AWS: {_one_line(error)}") from None


class CloudFormation:
    """Stacks and change sets; implements `tap.deploy.models.Cloud`. Every method may raise TapError."""

    def __init__(
        self,
        client: Any,
        sleep: Callable[[float], None] = time.sleep,
        unique: Callable[[], str] = lambda: uuid.uuid4().hex,
    ) -> None:
        """Take a boto3 client for CloudFormation, how to wait (seconds), and what makes names unique."""
        self._client = client
        self._sleep = sleep
        self._unique = unique

    @property
    def place(self) -> str:
        """Where the stacks are: the region, and the endpoint where it is not AWS's own."""
        endpoint = str(self._client.meta.endpoint_url)
        own = "amazonaws.com" in endpoint
        return str(self._client.meta.region_name) + ("" if own else f" at {endpoint}")

    def plan(self, env: Environment, template: str) -> ChangeSet:
        """Create a change set, wait for it, and describe it whole. Changes no resource.

        Raises NeedsRecovery or LeftRunning where the stack cannot take one, InputError where
        CloudFormation refuses the template or the parameters. An error leaves no change set behind.
        """
        size = len(template.encode())
        if size > TEMPLATE_BODY_LIMIT:
            raise InputError(
                f"the template has {size:,} bytes, and CloudFormation takes {TEMPLATE_BODY_LIMIT:,} "
                "in a request: make it smaller with python generate.py --minify"
            )
        stack = find_stack(self._call, env.stack_name)
        status = stack["StackStatus"] if stack else None
        obstacle = states.obstacle(env, status)
        if obstacle:
            raise obstacle
        kind = "CREATE" if status in states.TO_BE_CREATED else "UPDATE"
        name = f"tap-{self._unique()}"
        try:
            changesets.create(self._call, env, template, kind, name)
            return changesets.describe(self._call, self._sleep, env, kind, name)
        except BaseException as error:
            self._clean_up(env, kind, name, error)
            raise

    def discard(self, env: Environment, plan: ChangeSet) -> None:
        """Delete a change set that is not going to be executed, and the empty stack it made."""
        changesets.delete(self._call, self._sleep, env, plan.type, plan.name)

    def apply(self, env: Environment, plan: ChangeSet, on_event: OnEvent) -> None:
        """Execute a change set, pass its events on as they come, and return when the stack is at rest.

        Raises StackFailed, NeedsRecovery, or LeftRunning once nobody watches any more. Any other error
        before that means that nothing was executed, and then the change set is deleted.
        """
        try:
            if plan.type == "UPDATE":
                self._set_stack_policy(env, plan)
            known = known_events(self._call, plan.stack_id)
            token = changesets.execute(self._call, env, plan, self._unique())
        except LeftRunning:
            raise
        except BaseException as error:
            self._clean_up(env, plan.type, plan.name, error)
            raise
        history = follow(self._call, self._sleep, env, plan.stack_id, known, token, on_event)
        failure = states.failure(env, history, goal=f"{plan.type}_COMPLETE")
        if failure:
            raise failure
        try:
            if plan.type == "CREATE":
                self._set_stack_policy(env, plan)
            if env.termination_protection:
                self._call(
                    "update_termination_protection", StackName=plan.stack_id, EnableTerminationProtection=True
                )
        except (TapError, KeyboardInterrupt) as error:
            raise TapError(
                f"stack {env.stack_name} is deployed, but not protected as it should be: "
                f"{error or 'interrupted'}; run this again"
            ) from None

    def outputs(self, env: Environment) -> dict[str, str]:
        """Return the stack's outputs by name; none where there is no stack."""
        stack = find_stack(self._call, env.stack_name) or {}
        return {output["OutputKey"]: output["OutputValue"] for output in stack.get("Outputs", [])}

    def delete(self, env: Environment, on_event: OnEvent) -> None:
        """Delete the stack, pass its events on, and return when it is gone; no stack is success.

        Raises NeedsRecovery where something could not be deleted, LeftRunning once nobody watches.
        """
        stack = find_stack(self._call, env.stack_name)
        if stack is None:
            return
        stack_id, token = stack["StackId"], self._unique()
        known = known_events(self._call, stack_id)
        try:
            self._call("delete_stack", StackName=stack_id, ClientRequestToken=token)
        except KeyboardInterrupt:
            raise states.left_running(env, "interrupted while the deletion was being started") from None
        history = follow(self._call, self._sleep, env, stack_id, known, token, on_event)
        failure = states.failure(env, history, goal="DELETE_COMPLETE")
        if failure:
            raise failure

    def _set_stack_policy(self, env: Environment, plan: ChangeSet) -> None:
        if env.stack_policy:
            self._call("set_stack_policy", StackName=plan.stack_id, StackPolicyBody=env.stack_policy)

    def _clean_up(self, env: Environment, kind: str, name: str, cause: BaseException) -> None:
        # What went wrong first is what the user must hear of; what is left is a note on it.
        try:
            changesets.delete(self._call, self._sleep, env, kind, name)
        except TapError as error:
            cause.add_note(f"change set {name} of stack {env.stack_name} may be left behind: {error}")

    def _call(self, method: str, **request: Any) -> Any:
        try:
            return getattr(self._client, method)(**request)
        except ClientError as error:
            raise _refused(error) from None
        except _CREDENTIAL_ERRORS as error:
            raise NotSignedIn(f"no AWS credentials: {_one_line(error)}: {_RENEW}") from None
        except (BotoConnectionError, HTTPClientError) as error:
            raise CallFailed(f"AWS gives no answer: {_one_line(error)}", passing=True) from None
        except ResponseParserError:  # its message is the whole answer
            raise CallFailed(f"AWS gives an answer to {method} that cannot be read", passing=True) from None
        except BotoCoreError as error:
            raise CallFailed(_one_line(error)) from None


def _refused(error: ClientError) -> CallFailed:
    code = error.response["Error"].get("Code", "")
    message = _one_line(error.response["Error"].get("Message", ""))
    operation = error.operation_name
    if code in _CREDENTIAL_CODES:
        return NotSignedIn(f"AWS does not accept the credentials ({code}): {_RENEW}", code)
    if "AccessDenied" in code or code == "UnauthorizedOperation":
        return CallFailed(f"AWS does not allow {operation}: {message}", code)
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    return CallFailed(
        f"CloudFormation refused {operation} ({code}): {message}",
        code,
        passing=status >= 500 or code in _THROTTLING_CODES,
    )


def _one_line(text: object) -> str:
    return " ".join(str(text).split())
