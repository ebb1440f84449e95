"""Read and follow the log of the service's containers or of the validation function."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from tap.deploy.aws import AwsClient
from tap.deploy.models import CallFailed, InputError

GROUPS = {"containers": "ServiceLogGroup", "function": "ValidationLogGroup"}  # logical ids in the stack
# Events can be read some seconds after their timestamp. This many milliseconds of overlap miss none.
_LATE = 60_000
# Seconds. The account's quota for these requests is low, and its other tools share it.
# https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/cloudwatch_limits_cwl.html (FilterLogEvents)
_PAUSE = 2.0


@dataclass(frozen=True)
class Line:
    """One event of a log (API type FilteredLogEvent)."""

    event_id: str
    milliseconds: int  # milliseconds since 1970
    stream: str
    message: str


def read(aws: AwsClient, group: str, since: int, pattern: str = "", stream: str = "") -> Iterator[Line]:
    """Yield a log group's events from `since` on, in milliseconds since 1970, oldest first.

    `pattern` is a CloudWatch Logs filter pattern, `stream` the only stream to read. Raises InputError if there
    is no such group or stream, or the pattern is not one.
    """
    request: dict[str, Any] = {"logGroupName": group, "startTime": since}
    if pattern:
        request["filterPattern"] = pattern
    if stream:
        request["logStreamNames"] = [stream]
    while True:
        try:
            page = aws.service("logs")("filter_log_events", **request)
        except CallFailed as error:
            if error.code in ("InvalidParameterException", "ResourceNotFoundException"):
                raise InputError(error.message) from None
            raise
        for event in page["events"]:
            yield Line(event["eventId"], event["timestamp"], event["logStreamName"], event["message"].rstrip())
        if not page.get("nextToken"):
            return
        request["nextToken"] = page["nextToken"]


def follow(aws: AwsClient, group: str, since: int, pattern: str = "") -> Iterator[Line]:
    """Yield what `read` does, then new events, each once, without end."""
    seen: dict[str, int] = {}
    while True:
        for line in read(aws, group, since, pattern):
            if line.event_id not in seen:
                seen[line.event_id] = line.milliseconds
                yield line
        since = max([since, *(time - _LATE for time in seen.values())])
        seen = {event_id: time for event_id, time in seen.items() if time >= since}
        aws.sleep(_PAUSE)
