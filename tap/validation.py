"""The validation tier: the function that checks transactions, its live version, and a queue for failed events."""

import json
import zlib
from typing import NamedTuple

from awacs import kms, sqs, xray
from awacs.aws import Action
from troposphere import Equals, If, Join, Parameter, Ref, Split, Sub, Template, encode_to_dict
from troposphere.awslambda import (
    Alias,
    Code,
    DestinationConfig,
    Environment,
    EventInvokeConfig,
    Function,
    LoggingConfig,
    OnFailure,
    TracingConfig,
    Version,
)
from troposphere.logs import LogGroup
from troposphere.sqs import Queue, QueuePolicy

from tap.alerts import FORTNIGHT
from tap.inline import function_source
from tap.keys import Keys
from tap.logs import Logs
from tap.parts import (
    NO_VALUE,
    RUNTIME,
    add_export,
    add_parameter,
    add_role,
    allow,
    policy,
    refuse_plain_http,
    suppress,
)
from tap.sessions import Sessions
from tap.whole_numbers import add_whole_number

TIMEOUT = 30
# Namespace of the metrics that the function writes to its log.
NAMESPACE = "TransactionValidation"
# Code, minor units, maximum.
CURRENCY = "[A-Z]{3}:[0-4]:[1-9][0-9]{0,11}"


class Validation(NamedTuple):
    """The parts of the validation tier that other tiers use."""

    function: Function
    alias: Alias
    """The alias of the live version, which callers invoke."""
    failures: Queue
    log_group: LogGroup

    @property
    def dimensions(self) -> dict[str, Ref]:
        """The dimensions of the function's metrics."""
        return {"FunctionName": self.function.ref()}


def add_validation(t: Template, keys: Keys, logs: Logs, sessions: Sessions) -> Validation:
    """Add the function, from `lambda/validation/index.py`, with its role, log group, version and alias."""
    concurrency = add_whole_number(
        t, "Validation", "Reserved concurrency", "ValidationReservedConcurrency", 10, 0, 1000,
        "Concurrent executions to reserve for the function, which is also its maximum; 0 reserves none.")
    settings = {
        "CURRENCIES": add_parameter(t, "Validation", "Currencies", Parameter(
            "ValidationCurrencies", Type="String",
            Default="USD:2:1000000,EUR:2:1000000,GBP:2:1000000,JPY:0:150000000,KWD:3:300000",
            AllowedPattern=f"{CURRENCY}(,{CURRENCY})*", MaxLength=160,
            ConstraintDescription="must be ISO 4217 codes with minor units and a maximum of up to 12 digits, such as "
                                  "USD:2:1000000,JPY:0:150000000, in up to 160 characters",
            Description="Accepted currencies, each with its minor units (decimals) and the maximum amount of a "
                        "transaction; up to 160 characters.")),
        "TYPES": add_parameter(t, "Validation", "Types", Parameter(
            "ValidationTypes", Type="String", Default="debit,credit,transfer,payment,refund,deposit,withdrawal,fee",
            AllowedPattern="[a-z_]+(,[a-z_]+)*", MaxLength=90,
            ConstraintDescription="must be comma-separated lowercase words, in up to 90 characters",
            Description="Accepted transaction types; up to 90 characters.")),
        "TTL_DAYS": add_whole_number(
            t, "Validation", "Deduplication period", "ValidationMemoryDays", 30, 1, 3650,
            "Days to remember an accepted transaction. A transaction with an older timestamp is rejected."),
    }
    unreserved = t.add_condition("IsValidationUnreserved", Equals(concurrency.ref(), "0"))

    failures = t.add_resource(Queue(
        "ValidationFailures", DeletionPolicy="Delete", UpdateReplacePolicy="Delete",
        MessageRetentionPeriod=FORTNIGHT, KmsMasterKeyId=keys.arn(keys.data),
        SqsManagedSseEnabled=If(keys.condition, NO_VALUE, True)))
    t.add_resource(QueuePolicy("ValidationFailuresPolicy", Queues=[failures.ref()], PolicyDocument=policy(
        refuse_plain_http([Action("sqs", "*")], failures.get_att("Arn")))))
    log_group = logs.add_group("ValidationLogGroup")
    role = add_role(
        t, "Validation", "lambda.amazonaws.com", *sessions.put(), logs.write(log_group),
        # X-Ray actions support no resources.
        allow([xray.PutTelemetryRecords, xray.PutTraceSegments], "*"),
        allow([sqs.SendMessage], failures.get_att("Arn")),
        # For its environment variables and failed events.
        keys.use(keys.data, "lambda", "sqs", actions=[kms.Decrypt, kms.GenerateDataKey]))
    function = t.add_resource(Function(
        "ValidationFunction", Runtime=RUNTIME, Architectures=["arm64"], Handler="index.handler",
        MemorySize=256, Timeout=TIMEOUT,
        ReservedConcurrentExecutions=If(unreserved, NO_VALUE, concurrency.ref()),
        Role=role.get_att("Arn"), LoggingConfig=LoggingConfig(LogGroup=log_group.ref()),
        TracingConfig=TracingConfig(Mode="Active"), KmsKeyArn=keys.arn(keys.data),
        Environment=Environment(Variables={
            "DYNAMODB_TABLE": sessions.table.ref(), "ENVIRONMENT": Ref("Environment"),
            **{name: parameter.ref() for name, parameter in settings.items()}}),
        Code=Code(ZipFile=function_source("validation"))))
    suppress(function, {"CKV_AWS_116": "ValidationOnFailure", "CKV_AWS_117": "Calls AWS alone"})
    # Everything that a version freezes: if nothing else changes, Lambda publishes no new version. The key schema counts
    # because changing it replaces the table, whose name the function has.
    # https://docs.aws.amazon.com/lambda/latest/dg/configuration-versions.html
    frozen = {key: value for key, value in encode_to_dict(function)["Properties"].items()
              if key != "ReservedConcurrentExecutions"}
    frozen["KeySchema"] = encode_to_dict(sessions.table)["Properties"]["KeySchema"]
    digest = zlib.crc32(json.dumps(frozen, sort_keys=True).encode())
    currencies = Join("", Split(":", Join("", Split(",", settings["CURRENCIES"].ref()))))
    version = t.add_resource(Version(
        # The description changes with the function, so CloudFormation publishes a new version. The longest values add
        # up to 256 characters, the maximum:
        # https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-lambda-version.html
        "ValidationVersion", FunctionName=function.ref(),
        Description=Sub(f"{digest:08x} ${{CustomerKeys}} ${{Currencies}} ${{{settings['TYPES'].title}}} "
                        f"${{{settings['TTL_DAYS'].title}}}", Currencies=currencies),
        # Kept so that the alias can be pointed back to it.
        DeletionPolicy="Delete", UpdateReplacePolicy="Retain"))
    alias = t.add_resource(Alias(
        "ValidationAlias", Name="live", FunctionName=function.ref(), FunctionVersion=version.get_att("Version")))
    t.add_resource(EventInvokeConfig(
        "ValidationOnFailure", FunctionName=function.ref(), Qualifier="live", MaximumRetryAttempts=2,
        DependsOn=alias, DestinationConfig=DestinationConfig(OnFailure=OnFailure(
            Destination=failures.get_att("Arn")))))
    add_export(t, "ValidationLambdaArn", "ARN of the validation function's live alias", alias.ref(),
               "validation-lambda-arn")
    return Validation(function, alias, failures, log_group)
