"""The words the deploy helper speaks: environments, change sets, events, outcomes, and what can go wrong."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import Enum
from functools import cached_property
from typing import Any

from tap.deploy.masking import Mask

# CloudFormation takes a template of at most so many bytes in a request; a larger one has to lie in a bucket.
# https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html
TEMPLATE_BODY_LIMIT = 51_200
THROTTLING_CODES = ("Throttling", "ThrottlingException", "RequestLimitExceeded", "TooManyRequestsException")


@dataclass(frozen=True)
class Target:
    """Where a stack goes and how it is treated there: a table of `parameters/targets.toml`."""

    stack_name: str
    region: str | None = None
    accounts: tuple[str, ...] = ()  # the only ones it may go to; none: any
    role_arn: str | None = None  # what CloudFormation acts as
    artifact_bucket: str | None = None  # {account} and {region} in it are filled in
    artifact_bucket_owner: str | None = None  # the account that it belongs to; None: the one that is deployed into
    artifact_prefix: str = ""  # what the keys of templates in it begin with
    termination_protection: bool = False
    on_failure: str = "ROLLBACK"  # ROLLBACK, DELETE (of a stack whose creation fails), DO_NOTHING
    rollback_alarms: tuple[str, ...] = ()  # outputs of the stack whose value is an alarm's ARN or name
    monitoring_minutes: int = 0  # for which CloudFormation watches the alarms after an update
    notification_topics: tuple[str, ...] | None = None  # ARNs; None: those that the stack has
    tags: Mapping[str, str] = field(default_factory=dict)  # of the stack; those of the parameter file win
    mode: str = "STANDARD"  # STANDARD, EXPRESS: done before resources are stable
    capabilities: tuple[str, ...] = ("CAPABILITY_IAM",)
    use: str | Mapping[str, Any] | None = None  # how much the environment is used: tap/cost/use.py
    keep: tuple[str, ...] = ()  # parameters that keep the value that the stack has; a new stack takes the file's


@dataclass(frozen=True)
class Values:
    """What a stack is given: `parameters/<environment>.json`, checked.

    Parameter values may be secret (NoEcho), so they stay out of the representation.
    """

    parameters: Mapping[str, str] = field(default_factory=dict, repr=False)
    tags: Mapping[str, str] = field(default_factory=dict)
    stack_policy: str | None = None  # JSON text
    previous: frozenset[str] = field(default=frozenset(), repr=False)  # parameters that keep the value the stack has
    secrets: frozenset[str] = frozenset()  # names of the NoEcho parameters
    overridden: frozenset[str] = frozenset()  # parameters given on the command line
    variables: Mapping[str, str] | None = field(default=None, repr=False)  # of `parameters/<environment>.env`
    hidden: tuple[str, ...] = field(default=(), repr=False)  # secrets that are not among the parameters

    @property
    def all_hidden(self) -> tuple[str, ...]:
        """Every value that nobody may read."""
        return (*self.hidden, *(self.parameters[name] for name in self.secrets & set(self.parameters)))

    @cached_property
    def masked(self) -> Mask:
        """What returns text in which no value of a NoEcho parameter is legible."""
        return Mask(self.all_hidden)


@dataclass(frozen=True)
class Import:
    """A resource that exists, to be taken into a stack (API type ResourceToImport)."""

    logical_id: str
    resource_type: str
    identifier: Mapping[str, str]  # what AWS knows it by, such as BucketName


@dataclass(frozen=True)
class Options:
    """What the command line says beside parameters."""

    approved: frozenset[str] = frozenset()  # what may be destroyed or loosened, by name
    drift: bool = False  # whether to compare with the resources as they are, and bring back what has drifted
    keep: frozenset[str] = frozenset()  # parameters that keep the stack's value, beside the target's
    import_existing: bool = False  # whether to take over what exists under a name of the template
    imports: tuple[Import, ...] = ()  # what to take over, and do nothing else
    text: str = ""  # what another command for the environment has to be given, as ` --region eu-west-1`


@dataclass(frozen=True)
class Environment:
    """One stack: where it goes, what it is given, and what the command line says."""

    name: str
    target: Target
    values: Values = Values()
    options: Options = Options()
    has_commands: bool = True  # whether tap's commands take its name

    @property
    def stack_name(self) -> str:
        """The stack's name."""
        return self.target.stack_name

    def masked(self, text: str) -> str:
        """Return text in which no secret is legible."""
        return self.values.masked(text)

    @property
    def unspeakable(self) -> list[str]:
        """The secrets that no text may hold, tap's own included: all but parts of the environment's public names."""
        public = self.name, self.stack_name, self.target.region or "", self.options.text
        return [value for value in self.values.all_hidden if not any(value in name for name in public)]

    def in_region(self, region: str) -> "Environment":
        """Return the environment in another region."""
        return replace(self, target=replace(self.target, region=region))

    def with_parameters(self, parameters: Mapping[str, str]) -> "Environment":
        """Return the environment with these parameter values instead of its own."""
        return replace(self, values=replace(self.values, parameters=parameters))

    def command(self, name: str) -> str:
        """Return the line that does `name`, such as watch; where tap has none for this stack, one that shows events."""
        if not self.has_commands:
            return f"aws cloudformation describe-stack-events --stack-name {self.stack_name}"
        return f"tap {name} {self.name}{self.options.text}"


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong with what a stack is given."""

    text: str
    parameter: str | None = None  # None: it is not about one parameter

    def __str__(self) -> str:
        """Return the text."""
        return self.text


@dataclass(frozen=True)
class Detail:
    """One reason for a change, and what it changes (API type ResourceChangeDetail; the values are AWS's).

    The property values are text; they are there only where CloudFormation was asked for them and had them.
    """

    attribute: str  # Properties, Metadata, Tags, DeletionPolicy, ...
    name: str | None = None  # the property at the top
    path: str | None = None  # as /Properties/DBInstanceClass
    requires_recreation: str | None = None  # Never, Conditionally, Always
    evaluation: str | None = None  # Static, Dynamic: known only when it runs
    source: str | None = None  # ParameterReference, ResourceReference, DirectModification, ...
    cause: str | None = None  # the parameter or resource (and attribute) that is behind it
    before: str | None = None
    after: str | None = None
    deployed: str | None = None  # before the property drifted


@dataclass(frozen=True)
class Change:
    """What a change set will do to one resource (API type ResourceChange; the values are AWS's)."""

    action: str  # Add, Modify, Remove, Import, Dynamic, SyncWithActual; Move of a stack refactor
    logical_id: str
    physical_id: str | None
    resource_type: str
    replacement: str | None  # True, False, Conditional; None where nothing is modified
    scope: tuple[str, ...] = ()
    policy_action: str | None = None
    details: tuple[Detail, ...] = ()
    drift: str | None = None  # MODIFIED, DELETED, ...; None where it was not looked at
    nested: str | None = None  # the ARN of the change set of the nested stack that it is of


@dataclass(frozen=True)
class ChangeSet:
    """A change set that CloudFormation has finished computing.

    `empty` says that CloudFormation found nothing to do. A change set without `changes` is not
    always empty: it may alter outputs, which are not listed as changes.
    """

    id: str
    name: str
    type: str  # CREATE, UPDATE or IMPORT
    stack_id: str
    changes: tuple[Change, ...] = ()
    empty: bool = False
    resolved: Mapping[str, str] = field(default_factory=dict, repr=False)  # what SSM parameters resolved to
    warnings: tuple[str, ...] = ()  # what CloudFormation says about a change set that is whole


@dataclass(frozen=True)
class StackEvent:
    """One line of a stack's history (API type StackEvent)."""

    event_id: str
    stack_id: str
    timestamp: datetime  # aware
    logical_id: str
    physical_id: str | None
    resource_type: str
    status: str
    reason: str | None = None
    token: str | None = None  # ClientRequestToken of the operation it belongs to

    @property
    def own_id(self) -> str:
        """The logical id in its own stack, which may be a nested one."""
        return self.logical_id.rpartition("/")[2]

    @property
    def is_stack(self) -> bool:
        """Whether it tells of the stack itself; a nested stack's events have another physical id."""
        return self.physical_id == self.stack_id


class Observer:
    """Follows an operation on a stack, and ignores everything; a subclass overrides what it needs."""

    def on_event(self, event: StackEvent) -> None:
        """Take one event, as soon as it is known."""

    def on_wait(self) -> None:
        """Take note that nothing new has happened; called before each pause."""


class Outcome(Enum):
    """How a deployment that did not fail ended."""

    APPLIED = "applied"
    NO_CHANGES = "no changes"
    PROTECTED = "protection changed"  # stack policy, termination protection


class TapError(Exception):
    """Something to tell the user in plain words, with the exit code that stands for it."""

    exit_code = 1

    @property
    def message(self) -> str:
        """What is wrong and what to do next."""
        return str(self)


class InputError(TapError):
    """What was asked for cannot be done as it is written; nothing was changed."""

    exit_code = 2


class StackFailed(TapError):
    """The operation failed and CloudFormation put the stack back."""

    exit_code = 1


class LeftRunning(TapError):
    """CloudFormation is still at work on the stack, and nobody here is watching any more."""

    exit_code = 5


class Refused(TapError):
    """The guard or the target does not allow it; nothing was changed."""

    exit_code = 4


class NeedsRecovery(TapError):
    """The stack is in a state that no change set leads out of."""

    exit_code = 6


class FailedCreation(NeedsRecovery):
    """The stack's first creation was rolled back: it can only be deleted."""


class CallFailed(TapError):
    """AWS did not do what a request asked.

    `message` is for people: the client masks secrets in it. `code` is AWS's error code, empty where no answer came;
    `passing` says that the same request may succeed in a while.
    """

    def __init__(self, message: str, code: str = "", *, passing: bool = False) -> None:
        """Take the message for the user and what the caller may decide by."""
        super().__init__(message)
        self.raw = message  # as AWS has it, to be judged and not shown
        self.code = code
        self.passing = passing


class NotSignedIn(CallFailed):
    """There are no credentials, or AWS does not accept them."""

    exit_code = 2
