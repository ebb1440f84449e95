"""The validation tier: the function that checks a transaction."""

from typing import NamedTuple

from troposphere import Equals, If, Parameter, Ref, Template
from troposphere.awslambda import Code, Environment, Function, LoggingConfig

from tap.inline import function_source
from tap.logs import Logs
from tap.parts import NO_VALUE, RUNTIME, add_export, add_parameter, add_role
from tap.sessions import Sessions


class Validation(NamedTuple):
    """What the other tiers may use of the validation."""

    function: Function


def add_validation(t: Template, logs: Logs, sessions: Sessions) -> Validation:
    """Add the function, from `lambda/validation/index.py`, with its role and log group."""
    concurrency = add_parameter(t, "Validation", "Reserved concurrency", Parameter(
        "ValidationReservedConcurrency", Type="Number", Default=10, MinValue=0, MaxValue=1000,
        Description="Executions kept for the function, and its most; 0 reserves none."))
    unreserved = t.add_condition("IsValidationUnreserved", Equals(concurrency.ref(), "0"))

    log_group = logs.add_group("ValidationLogGroup")
    role = add_role(
        t, "Validation", "lambda.amazonaws.com", sessions.read_write(), logs.write(log_group))
    function = t.add_resource(Function(
        "ValidationFunction", Runtime=RUNTIME, Architectures=["arm64"], Handler="index.handler",
        MemorySize=256, Timeout=30,
        ReservedConcurrentExecutions=If(unreserved, NO_VALUE, concurrency.ref()),
        Role=role.get_att("Arn"), LoggingConfig=LoggingConfig(LogGroup=log_group.ref()),
        Environment=Environment(Variables={
            "DYNAMODB_TABLE": sessions.table.ref(), "ENVIRONMENT": Ref("Environment")}),
        Code=Code(ZipFile=function_source("validation"))))
    add_export(t, "ValidationLambdaArn", "Validation Lambda function ARN", function.get_att("Arn"),
               "validation-lambda-arn")
    return Validation(function)
