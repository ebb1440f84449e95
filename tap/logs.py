"""Log groups, which share one retention period and one key."""

from typing import Any, NamedTuple

from awacs import logs
from awacs.aws import Statement
from troposphere import Parameter, Template
from troposphere.logs import LogGroup

from tap.keys import Keys
from tap.parts import add_parameter, allow

# A selection of the values that CloudWatch Logs supports:
# https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutRetentionPolicy.html
RETENTION_DAYS = [1, 3, 5, 7, 14, 30, 60, 90, 180, 365, 400, 731, 1827, 3653]


class Logs(NamedTuple):
    """Helpers for other tiers to add and write log groups."""

    template: Template
    keys: Keys
    retention: Parameter

    def add_group(self, title: str, *, keep: bool = True, **attributes: Any) -> LogGroup:
        """Add a log group and return it; with `keep`, it outlives the stack."""
        return self.template.add_resource(LogGroup(
            title, RetentionInDays=self.retention.ref(), KmsKeyId=self.keys.arn(self.keys.operations),
            DeletionPolicy="RetainExceptOnCreate" if keep else "Delete",
            UpdateReplacePolicy="Retain" if keep else "Delete", **attributes))

    def write(self, group: LogGroup) -> Statement:
        """Return the permission to write to a log group."""
        # The attribute ends in `:*`, which matches the group's streams.
        return allow([logs.CreateLogStream, logs.PutLogEvents], group.get_att("Arn"))


def add_logs(t: Template, keys: Keys) -> Logs:
    """Declare the retention period that every log group shares."""
    return Logs(t, keys, add_parameter(t, "Environment", "Log retention", Parameter(
        "LogRetentionDays", Type="String", Default="7", AllowedValues=[str(days) for days in RETENTION_DAYS],
        Description="Days to keep log events.")))
