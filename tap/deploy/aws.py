"""Send requests to AWS services in one region, retry them where that is safe, and generate unique ids."""

import itertools
import threading
import time
import uuid
from collections.abc import Callable, Iterable, Mapping
from copy import copy
from functools import cached_property
from typing import Any

from tap.deploy.models import THROTTLING_CODES, CallFailed
from tap.deploy.waiting import pauses

Call = Callable[..., Any]
"""Makes one request of a service: method and members in, the response out; raises CallFailed."""

# With the pauses and the client's own retries: more than a minute when throttled, seconds otherwise.
_TRIES_WHEN_THROTTLED, _TRIES_TO_READ = 40, 5
_LONGEST_TO_READ = 60.0  # seconds, after which a read is not retried
_SILENCE = 2.0  # seconds, after which the user is notified of a slow request
# Members of responses that are meant for people and may repeat a secret that a service was given. No decision depends
# on them, and they are never sent back. (StatusReason shows that a change set is empty; it is masked when printed.)
_PROSE = frozenset({
    "activitystatusmessage", "actualproperties", "actualvalue", "aftercontext", "aftervalue", "beforecontext",
    "beforevalue", "detectionstatusreason", "driftstatusreason", "expectedproperties", "expectedvalue",
    "hookstatusreason", "message", "reason", "resourceproperties", "resourcestatusreason", "stackstatusreason",
    "statusmessage", "stoppedreason", "validationstatusreason"})
_READING = ("describe_", "detect_", "filter_", "get_", "head_", "list_", "search_")


class AwsClient:
    """Sends requests to AWS with one set of credentials, in one region."""

    def __init__(
        self,
        clients: Callable[[str], Any],
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
        unique: Callable[[], str] = lambda: uuid.uuid4().hex,
        notify: Callable[[str], None] | None = None,
        timer: Callable[[float, Callable[[], None]], Any] = threading.Timer,
    ) -> None:
        """Create a client from a factory of boto3 clients, functions to sleep and to read a clock, and an id source.

        `notify` is called with one line when a request is slow, from the thread of `timer`, which has the methods
        of `threading.Timer`. Raises InputError if a CloudFormation client cannot be created.
        """
        self._clients, self._cloudformation = clients, clients("cloudformation")
        self.sleep, self.clock, self.unique = sleep, clock, unique
        self._notify, self._timer = notify, timer
        self.masked: Callable[[str], str] = str  # masks secrets in AWS's messages

    @property
    def region(self) -> str:
        """Return the region."""
        return str(self._cloudformation.meta.region_name)

    @property
    def endpoint(self) -> str:
        """Return where requests go, for display: the region, and the endpoint if it is not AWS's own."""
        endpoint = str(self._cloudformation.meta.endpoint_url)
        from tap.deploy.boto import is_aws

        return self.region + ("" if is_aws(endpoint) else f" at {endpoint}")

    def check_regions(self, names: Iterable[str]) -> None:
        """Raise InputError for a region that does not exist. Makes no request."""
        from tap.deploy.boto import check_regions

        check_regions(names, str(self._cloudformation.meta.endpoint_url))

    @cached_property
    def account(self) -> str:
        """Return the id of the account that the credentials belong to."""
        return str(self.service("sts")("get_caller_identity")["Account"])

    def client(self, service: str) -> Any:
        """Return the boto3 client of a service, for pagination; its errors and retries are botocore's own."""
        return self._clients(service)

    def meta(self, service: str) -> Any:
        """Return the metadata of a service's boto3 client: region, endpoint, partition."""
        return self._clients(service).meta

    def call(self, method: str, **request: Any) -> Any:
        """Send a request to CloudFormation and return the response. Raises CallFailed."""
        return self._send(self._cloudformation, method, request)

    def service(self, name: str) -> Call:
        """Return a function that sends requests to a service, given by boto3's name for it."""
        client = self._cloudformation if name == "cloudformation" else self._clients(name)
        return lambda method, **request: self._send(client, method, request)

    def _send(self, client: Any, method: str, request: Mapping[str, Any]) -> Any:
        """Send a request, notify the user if it is slow, and return the response. Raises CallFailed."""
        if self._notify is None:
            return self._send_and_retry(client, method, request, [])
        notify, errors = self._notify, list[CallFailed]()
        timer = self._timer(_SILENCE, lambda: notify(_what_is_awaited(client, method, errors)))
        timer.daemon = True
        timer.start()
        try:
            return self._send_and_retry(client, method, request, errors)
        finally:
            timer.cancel()

    def _send_and_retry(self, client: Any, method: str, request: Mapping[str, Any], errors: list[CallFailed]) -> Any:
        """Send a request; retry when throttled, and reads also on transient errors, which are appended to `errors`."""
        from tap.deploy.boto import send  # boto3 is slow to import, and `tap --help` does not need it

        reads, began, waits = method.startswith(_READING), self.clock(), pauses()
        for attempt in itertools.count(1):
            try:
                return _masked(send(client, method, request), self.masked)
            except CallFailed as error:
                error.args = (self.masked(error.raw),)
                errors.append(error)
                throttled = error.code in THROTTLING_CODES
                tries = _TRIES_WHEN_THROTTLED if throttled else _TRIES_TO_READ if reads and error.passing else 1
                # If nothing responds at all, each of the client's own retries waits for its timeout.
                if attempt >= tries or (not throttled and self.clock() - began > _LONGEST_TO_READ):
                    raise
                self.sleep(next(waits))


def _what_is_awaited(client: Any, method: str, errors: list[CallFailed]) -> str:
    why = f"retrying after: {errors[-1].message}" if errors else "no response yet"
    return f"waiting for {client.meta.endpoint_url} ({method}): {why}"


def _masked(answer: Any, masked: Callable[[str], str]) -> Any:
    """Return a response with the secrets in its messages masked."""
    if isinstance(answer, list):
        return [_masked(item, masked) for item in answer]
    if not isinstance(answer, dict):
        return answer
    clean = copy(answer)  # the same class, so that a missing key still raises CallFailed
    clean.update({key: masked(value) if isinstance(value, str) and key.lower() in _PROSE else _masked(value, masked)
                  for key, value in answer.items()})
    return clean
