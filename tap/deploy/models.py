"""The deploy helper's data types: environments, change sets, events, outcomes and errors."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import Enum
from functools import cached_property
from typing import Any

from tap.deploy.masking import Mask

# The maximum size in bytes of a template in a request; a larger one must be in a bucket.
# https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html
TEMPLATE_BODY_LIMIT = 51_200
THROTTLING_CODES = ("Throttling", "ThrottlingException", "RequestLimitExceeded", "TooManyRequestsException")


@dataclass(frozen=True)
class Target:
    """Where and how a stack is deployed: a table in `parameters/targets.toml`."""

    stack_name: str
    region: str | None = None
    accounts: tuple[str, ...] = ()  # the only accounts to deploy to; empty: any
    role_arn: str | None = None  # the role that CloudFormation uses
    artifact_bucket: str | None = None  # may contain {account} and {region}
    artifact_bucket_owner: str | None = None  # the account that owns it; None: the one deployed to
    artifact_prefix: str = ""  # key prefix of the templates in it
    termination_protection: bool = False
    on_failure: str = "ROLLBACK"  # ROLLBACK, DELETE (of a stack whose creation fails), DO_NOTHING
    rollback_alarms: tuple[str, ...] = ()  # stack outputs whose value is an alarm's ARN or name
    monitoring_minutes: int = 0  # that CloudFormation monitors the alarms after an update
    notification_topics: tuple[str, ...] | None = None  # ARNs; None keeps the stack's
    tags: Mapping[str, str] = field(default_factory=dict)  # of the stack; those in the parameter file take precedence
    mode: str = "STANDARD"  # STANDARD; EXPRESS completes before resources are stable
    capabilities: tuple[str, ...] = ("CAPABILITY_IAM",)
    use: str | Mapping[str, Any] | None = None  # assumed usage: tap/cost/use.py
    keep: tuple[str, ...] = ()  # parameters that keep the stack's value; a new stack uses the file's


@dataclass(frozen=True)
class Values:
    """A stack's parameters, tags and policy: `parameters/<environment>.json`, checked.

    Parameter values may be secret (NoEcho), so the representation omits them.
    """

    parameters: Mapping[str, str] = field(default_factory=dict, repr=False)
    tags: Mapping[str, str] = field(default_factory=dict)
    stack_policy: str | None = None  # JSON text
    previous: frozenset[str] = field(default=frozenset(), repr=False)  # parameters that keep the stack's value
    secrets: frozenset[str] = frozenset()  # names of the NoEcho parameters
    overridden: frozenset[str] = frozenset()  # parameters given on the command line
    variables: Mapping[str, str] | None = field(default=None, repr=False)  # of `parameters/<environment>.env`
    hidden: tuple[str, ...] = field(default=(), repr=False)  # secrets besides the parameters

    @property
    def all_hidden(self) -> tuple[str, ...]:
        """Return all secret values."""
        return (*self.hidden, *(self.parameters[name] for name in self.secrets & set(self.parameters)))

    @cached_property
    def masked(self) -> Mask:
        """Return the function that masks the values of NoEcho parameters in text."""
        return Mask(self.all_hidden)


@dataclass(frozen=True)
class Import:
    """An existing resource to import into a stack (API type ResourceToImport)."""

    logical_id: str
    resource_type: str
    identifier: Mapping[str, str]  # its identifier in AWS, by key, such as BucketName


@dataclass(frozen=True)
class Options:
    """The command line's options besides parameters."""

    approved: frozenset[str] = frozenset()  # names of approved changes
    drift: bool = False  # whether to compare with the actual resources, and revert drift
    keep: frozenset[str] = frozenset()  # parameters that keep the stack's value, besides the target's
    import_existing: bool = False  # whether to import existing resources that have a name of the template
    imports: tuple[Import, ...] = ()  # resources to import, without other changes
    text: str = ""  # options that suggested commands need, such as ` --region eu-west-1`


@dataclass(frozen=True)
class Environment:
    """An environment: its target, its values, and the command line's options."""

    name: str
    target: Target
    values: Values = Values()
    options: Options = Options()
    has_commands: bool = True  # whether tap's commands accept its name

    @property
    def stack_name(self) -> str:
        """Return the stack's name."""
        return self.target.stack_name

    def masked(self, text: str) -> str:
        """Return text with secrets masked."""
        return self.values.masked(text)

    @property
    def unspeakable(self) -> list[str]:
        """Return the secrets that no output may contain: all except parts of the environment's public names."""
        public = self.name, self.stack_name, self.target.region or "", self.options.text
        return [value for value in self.values.all_hidden if not any(value in name for name in public)]

    def in_region(self, region: str) -> "Environment":
        """Return the environment in another region."""
        return replace(self, target=replace(self.target, region=region))

    def with_parameters(self, parameters: Mapping[str, str]) -> "Environment":
        """Return the environment with these parameter values instead of its own."""
        return replace(self, values=replace(self.values, parameters=parameters))

    def command(self, name: str) -> str:
        """Return the tap command `name`, such as watch, or one that shows the stack's events if tap has none."""
        if not self.has_commands:
            return f"aws cloudformation describe-stack-events --stack-name {self.stack_name}"
        return f"tap {name} {self.name}{self.options.text}"


@dataclass(frozen=True)
class Problem:
    """One problem with a stack's values."""

    text: str
    parameter: str | None = None  # None: not about a single parameter

    def __str__(self) -> str:
        """Return the problem's text."""
        return self.text


@dataclass(frozen=True)
class Detail:
    """One cause of a change, and what it changes (API type ResourceChangeDetail; the values are AWS's).

    Property values are text, present only if CloudFormation was asked for them and has them.
    """

    attribute: str  # Properties, Metadata, Tags, DeletionPolicy, ...
    name: str | None = None  # the top-level property
    path: str | None = None  # such as /Properties/DBInstanceClass
    requires_recreation: str | None = None  # Never, Conditionally, Always
    evaluation: str | None = None  # Static, or Dynamic: known only during execution
    source: str | None = None  # ParameterReference, ResourceReference, DirectModification, ...
    cause: str | None = None  # the parameter or resource (and attribute) that causes it
    before: str | None = None
    after: str | None = None
    deployed: str | None = None  # before the property drifted


@dataclass(frozen=True)
class Change:
    """A change of one resource in a change set (API type ResourceChange; the values are AWS's)."""

    action: str  # Add, Modify, Remove, Import, Dynamic, SyncWithActual; Move of a stack refactor
    logical_id: str
    physical_id: str | None
    resource_type: str
    replacement: str | None  # True, False, Conditional; None if not a modification
    scope: tuple[str, ...] = ()
    policy_action: str | None = None
    details: tuple[Detail, ...] = ()
    drift: str | None = None  # MODIFIED, DELETED, ...; None if drift was not checked
    nested: str | None = None  # the ARN of the change set of the nested stack that it is of


@dataclass(frozen=True)
class ChangeSet:
    """A change set that CloudFormation has finished computing.

    `empty` means that CloudFormation found nothing to do. A change set without `changes` is not
    always empty: it may alter outputs, which are not listed as changes.
    """

    id: str
    name: str
    type: str  # CREATE, UPDATE or IMPORT
    stack_id: str
    changes: tuple[Change, ...] = ()
    empty: bool = False
    resolved: Mapping[str, str] = field(default_factory=dict, repr=False)  # the resolved values of SSM parameters
    warnings: tuple[str, ...] = ()  # CloudFormation's remarks on a complete change set


@dataclass(frozen=True)
class StackEvent:
    """One event of a stack (API type StackEvent)."""

    event_id: str
    stack_id: str
    timestamp: datetime  # with a time zone
    logical_id: str
    physical_id: str | None
    resource_type: str
    status: str
    reason: str | None = None
    token: str | None = None  # ClientRequestToken of the operation it belongs to

    @property
    def own_id(self) -> str:
        """Return the logical id in its own stack, which may be a nested one."""
        return self.logical_id.rpartition("/")[2]

    @property
    def is_stack(self) -> bool:
        """Return whether the event is about the stack itself; a nested stack's events have another physical id."""
        return self.physical_id == self.stack_id


class Observer:
    """Observes an operation on a stack and does nothing; subclasses override what they need."""

    def on_event(self, event: StackEvent) -> None:
        """Handle one event, as soon as it is known."""

    def on_wait(self) -> None:
        """Handle a poll without new events; called before each pause."""


class Outcome(Enum):
    """The outcome of a deployment that did not fail."""

    APPLIED = "applied"
    NO_CHANGES = "no changes"
    PROTECTED = "protection changed"  # stack policy, termination protection


class TapError(Exception):
    """An error with a message for the user, and its exit code."""

    exit_code = 1

    @property
    def message(self) -> str:
        """Return what is wrong and what to do next."""
        return str(self)


class InputError(TapError):
    """The input is invalid; nothing was changed."""

    exit_code = 2


class StackFailed(TapError):
    """The operation failed and CloudFormation rolled the stack back."""

    exit_code = 1


class LeftRunning(TapError):
    """CloudFormation is still working on the stack, and tap has stopped watching."""

    exit_code = 5


class Refused(TapError):
    """The guard or the target does not allow the change; nothing was changed."""

    exit_code = 4


class NeedsRecovery(TapError):
    """The stack is in a state that a change set cannot repair."""

    exit_code = 6


class FailedCreation(NeedsRecovery):
    """The stack's first creation was rolled back: it can only be deleted."""


class CallFailed(TapError):
    """A request to AWS failed.

    `message` is for display: the client masks secrets in it. `code` is AWS's error code, empty without a response;
    `passing` means that the same request may succeed later.
    """

    def __init__(self, message: str, code: str = "", *, passing: bool = False) -> None:
        """Create an error from the message for the user and what callers decide by."""
        super().__init__(message)
        self.raw = message  # AWS's original text, for decisions, never for display
        self.code = code
        self.passing = passing


class NotSignedIn(CallFailed):
    """There are no credentials, or AWS rejects them."""

    exit_code = 2
