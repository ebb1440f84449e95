"""Saved CloudWatch Logs Insights queries: one transaction, one trace, one client address, failures, rejections."""

from typing import Any

from troposphere import AWSHelperFn, Sub, Template
from troposphere.logs import QueryDefinition

from tap.firewall import Firewall
from tap.service import WebService
from tap.validation import Validation


def add_queries(t: Template, validation: Validation, service: WebService, firewall: Firewall) -> None:
    """Add the queries, which CloudWatch Logs Insights lists under the stack's name.

    Replace the placeholders in capitals. A trace id is in the header X-Amzn-Trace-Id, which the load balancer adds to
    each request, in its access log and in the function's log. Only the firewall logs client addresses: Lambda does not
    pass the caller to a function.
    https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-request-tracing.html
    """
    function, tasks, blocked = validation.log_group.ref(), service.log_group.ref(), firewall.log_group.ref()

    def add(title: str, name: str, groups: list[AWSHelperFn], text: str, **attributes: Any) -> None:
        t.add_resource(QueryDefinition(
            f"{title}Query", Name=Sub(f"${{AWS::StackName}}/{name}"), LogGroupNames=groups, QueryString=text,
            **attributes))

    add("Transaction", "Transaction", [function],
        "fields @timestamp, Code, transactionId, error, traceId, requestId\n"
        "| filter transactionId = 'ID' or @message like '\"ID\"'\n| sort @timestamp\n")
    add("Trace", "Trace", [function, tasks],
        "fields @timestamp, @log, @message\n| filter @message like '1-TRACE'\n| sort @timestamp\n")
    add("Failure", "Failures", [function, tasks],
        "fields @timestamp, @log, @message\n"
        "| filter Unavailable > 0 or @message like /ERROR|Traceback|Task timed out/\n"
        "| sort @timestamp desc\n| limit 200\n")
    add("Rejection", "Rejections by code", [function],
        "filter Rejected > 0\n| stats sum(Rejected) as rejected by Code, bin(5m)\n| sort rejected desc\n")
    add("Caller", "Caller by address", [blocked],
        "fields @timestamp, action, terminatingRuleId, httpRequest.httpMethod, httpRequest.uri\n"
        "| filter httpRequest.clientIp = 'ADDRESS'\n| sort @timestamp desc\n| limit 200\n",
        Condition=firewall.condition)
