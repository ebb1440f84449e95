"""The probe: a function that requests the application from outside, as its visitors do, and fails where they would."""

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
    """Add the probe of a URL that a parameter names, and the alarm on it; none without one.

    It goes through the Internet to the public name, and so sees what the stack's own metrics do not: a record that is
    gone, a certificate that is not the name's, a firewall that blocks everybody. Neither a canary of CloudWatch
    Synthetics, which keeps screenshots in a bucket and makes a function that no template has, nor a health check of
    Route 53, whose alarm must be in us-east-1 wherever the stack is:
    https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/monitoring-health-checks.html
    """
    url = add_parameter(t, "Alerts", "Probe", Parameter(
        "ProbeUrl", Type="String", Default="", AllowedPattern=r"(https?://[a-zA-Z0-9.-]+(:[0-9]+)?(/[!#-\[\]-~]*)?)?",
        MaxLength=512, ConstraintDescription="must be an HTTP or HTTPS URL without quotes, or empty",
        Description="URL that is requested every minute from outside the stack's network; an alarm rings where it does "
                    "not answer with success. Empty for none."))
    condition = t.add_condition("HasProbe", Not(Equals(url.ref(), "")))
    log_group = logs.add_group("ProbeLogGroup", keep=False, Condition=condition)
    role = add_role(t, "Probe", "lambda.amazonaws.com", logs.write(log_group), condition=condition)
    function = t.add_resource(Function(
        "ProbeFunction", Condition=condition, Runtime=RUNTIME, Architectures=["arm64"], Handler="index.handler",
        MemorySize=128, Timeout=30, Role=role.get_att("Arn"), LoggingConfig=LoggingConfig(LogGroup=log_group.ref()),
        Code=Code(ZipFile=function_source("probe"))))
    suppress(function, {
        "CKV_AWS_115": "Runs once a minute", "CKV_AWS_116": "Its errors ring an alarm",
        "CKV_AWS_117": "Comes from outside the network"})
    # Not again: an error a minute is counted.
    t.add_resource(EventInvokeConfig(
        "ProbeOnFailure", Condition=condition, FunctionName=function.ref(), Qualifier="$LATEST",
        MaximumRetryAttempts=0))
    schedule = t.add_resource(Rule(
        "ProbeSchedule", Condition=condition, Description="Probes the application", ScheduleExpression="rate(1 minute)",
        Targets=[Target(Id="Probe", Arn=function.get_att("Arn"), Input=Sub(json.dumps({"url": "${ProbeUrl}"})))]))
    t.add_resource(Permission(
        "ProbePermission", Condition=condition, FunctionName=function.ref(), Action="lambda:InvokeFunction",
        Principal="events.amazonaws.com", SourceArn=schedule.get_att("Arn")))
    calls, errors = (query(ident, LAMBDA, ident.capitalize(), {"FunctionName": function.ref()}, period=MINUTE)
                     for ident in ("invocations", "errors"))
    # A probe that has stopped says nothing, which is told, too; one that has not begun yet is not.
    alerts.add_alarm(
        "ProbeAlarm", "Visitors do not get through", share(("errors",), ("invocations",), (calls, errors), 1), 50,
        periods=5, datapoints=4, missing="missing", is_critical=True,
        InsufficientDataActions=alerts.critical_actions, Condition=condition)
