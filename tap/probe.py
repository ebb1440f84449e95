"""The probe: a function that requests the application from outside, as visitors do, and fails if the request fails."""

import json

from troposphere import Equals, Not, Parameter, Sub, Template
from troposphere.awslambda import Code, EventInvokeConfig, Function, LoggingConfig, Permission
from troposphere.events import Rule, Target

from tap.alerts import Alerts
from tap.indicators import LAMBDA
from tap.inline import function_source
from tap.logs import Logs
from tap.parts import RUNTIME, add_parameter, add_role, suppress
from tap.watched import MINUTE, query, share


def add_probe(t: Template, logs: Logs, alerts: Alerts) -> None:
    """Add the probe and its alarm if ProbeUrl is set.

    It requests the public name over the internet, and so detects what the stack's own metrics cannot: a missing DNS
    record, a wrong certificate, a firewall that blocks everybody. Not a CloudWatch Synthetics canary, which stores
    screenshots in a bucket and creates a function outside the template, nor a Route 53 health check, whose alarm must
    be in us-east-1:
    https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/monitoring-health-checks.html
    """
    url = add_parameter(t, "Alerts", "Probe URL", Parameter(
        "ProbeUrl", Type="String", Default="", AllowedPattern=r"(https?://[a-zA-Z0-9.-]+(:[0-9]+)?(/[!#-\[\]-~]*)?)?",
        MaxLength=512, ConstraintDescription="must be an HTTP or HTTPS URL without quotes, or empty",
        Description="URL to request every minute from outside the stack's network; an alarm triggers if requests fail. "
                    "Empty for none."))
    condition = t.add_condition("HasProbe", Not(Equals(url.ref(), "")))
    log_group = logs.add_group("ProbeLogGroup", keep=False, Condition=condition)
    role = add_role(t, "Probe", "lambda.amazonaws.com", logs.write(log_group), condition=condition)
    function = t.add_resource(Function(
        "ProbeFunction", Condition=condition, Runtime=RUNTIME, Architectures=["arm64"], Handler="index.handler",
        MemorySize=128, Timeout=30, Role=role.get_att("Arn"), LoggingConfig=LoggingConfig(LogGroup=log_group.ref()),
        Code=Code(ZipFile=function_source("probe"))))
    suppress(function, {
        "CKV_AWS_115": "Runs once a minute", "CKV_AWS_116": "An alarm watches its errors",
        "CKV_AWS_117": "Must run outside the network"})
    # No retries: the alarm counts one result per minute.
    t.add_resource(EventInvokeConfig(
        "ProbeOnFailure", Condition=condition, FunctionName=function.ref(), Qualifier="$LATEST",
        MaximumRetryAttempts=0))
    schedule = t.add_resource(Rule(
        "ProbeSchedule", Condition=condition, Description="Probe the application", ScheduleExpression="rate(1 minute)",
        Targets=[Target(Id="Probe", Arn=function.get_att("Arn"), Input=Sub(json.dumps({"url": "${ProbeUrl}"})))]))
    t.add_resource(Permission(
        "ProbePermission", Condition=condition, FunctionName=function.ref(), Action="lambda:InvokeFunction",
        Principal="events.amazonaws.com", SourceArn=schedule.get_att("Arn")))
    calls, errors = (query(ident, LAMBDA, ident.capitalize(), {"FunctionName": function.ref()}, period=MINUTE)
                     for ident in ("invocations", "errors"))
    # INSUFFICIENT_DATA notifies, too, since a probe that has stopped has no data; a new alarm starts in that state
    # without notifying.
    alerts.add_alarm(
        "ProbeAlarm", "Application is not reachable from outside",
        share(("errors",), ("invocations",), (calls, errors), 1), 50,
        periods=5, datapoints=4, missing="missing", is_critical=True,
        InsufficientDataActions=alerts.critical_actions, Condition=condition)
