"""The dashboard: the state of the alarms, then a row for each tier."""

import json
import re
from typing import Any

from troposphere import If, Sub, Template
from troposphere.cloudwatch import Alarm, CompositeAlarm, Dashboard

from tap.alarms import Tiers
from tap.alerts import RUNBOOK
from tap.validation import NAMESPACE

Metric = list[Any]
BY_CODE = (f"SEARCH('{{{NAMESPACE},FunctionName,Code}} MetricName=\"Rejected\" "
           "FunctionName=\"${ValidationFunction}\"', 'Sum', 300)")
# Both target groups, if the strategy has two.
HOSTS = ("SEARCH('{AWS/ApplicationELB,LoadBalancer,TargetGroup} MetricName=\"HealthyHostCount\" "
         "LoadBalancer=\"${LoadBalancer.LoadBalancerFullName}\"', 'Minimum', 60)")
SUM, P50, P99, MOST, LEAST = ({"stat": stat} for stat in ("Sum", "p50", "p99", "Maximum", "Minimum"))
HEIGHT, FULL = 6, 24
# Where a widget's JSON is broken into lines.
METRIC_OR_PROPERTIES = re.compile(r"""(?<=[,[])(?="properties"|\["|\[{)""")


def add_dashboard(t: Template, health: CompositeAlarm, tiers: Tiers) -> None:
    """Add the dashboard with every alarm added so far, each under its own condition.

    https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/CloudWatch-Dashboard-Body-Structure.html
    """
    # ARNs of alarms by their condition.
    groups: dict[str, list[str]] = {}
    for alarm in (resource for resource in t.resources.values() if isinstance(resource, Alarm)):
        groups.setdefault(alarm.resource.get("Condition", ""), []).append(f'"${{{alarm.title}.Arn}}"')
    always = groups.pop("", [])
    values = {condition: If(condition, Sub("," + ",\n".join(arns)), "") for condition, arns in groups.items()}
    listed = ",\n".join([f'"${{{health.title}.Arn}}"', *always]) + "".join(f"\n${{{name}}}" for name in values)
    lines = [
        '{"type":"alarm","x":0,"y":0,"width":20,"height":4,"properties":{"title":"Alarms","alarms":[\n'
        + listed + "]}}",
        '{"type":"text","x":20,"y":0,"width":4,"height":4,"properties":{"markdown":'
        f'"[What to do about an alarm](${{{RUNBOOK}}})\\n\\n'
        'Saved queries are in Logs Insights, under ${AWS::StackName}"}}']
    y = 4
    for row in _rows(tiers):
        width = FULL // len(row)
        for place, (title, metrics) in enumerate(row):
            widget = json.dumps({
                "type": "metric", "x": width * place, "y": y, "width": width, "height": HEIGHT,
                "properties": {"title": title, "region": "${AWS::Region}", "metrics": metrics},
            }, separators=(",", ":"))
            lines.append(METRIC_OR_PROPERTIES.sub("\n", widget))
        y += HEIGHT
    t.add_resource(Dashboard(
        # Dashboard names are unique in an account, across regions.
        "Dashboard", DashboardName=Sub("${AWS::StackName}-${AWS::Region}"),
        DashboardBody=Sub('{"widgets":[\n' + ",\n".join(lines) + "\n]}\n", values)))


def _rows(tiers: Tiers) -> list[list[tuple[str, list[Metric]]]]:
    """Return the rows of widgets, each as title and metrics."""
    service, balancer, database = tiers.service, tiers.balancer, tiers.database
    of_service = ("ClusterName", f"${{{service.cluster.title}}}", "ServiceName", f"${{{service.service.title}.Name}}")
    of_balancer = ("LoadBalancer", f"${{{balancer.load_balancer.title}.LoadBalancerFullName}}")
    of_database = ("DBClusterIdentifier", f"${{{database.cluster.title}}}")
    of_table = ("TableName", f"${{{tiers.sessions.table.title}}}")
    of_firewall = ("Region", "${AWS::Region}", "Rule", "ALL", "WebACL", "${AWS::StackName}")
    waiting = ("ApproximateNumberOfMessagesVisible", MOST)
    of_function = ("FunctionName", f"${{{tiers.validation.function.title}}}")

    def metrics(namespace: str, of: tuple[str, ...], *named: tuple[str, dict[str, str]]) -> list[Metric]:
        # A dot repeats the value of the previous metric.
        (first, how), *others = named
        return [[namespace, first, *of, how], *([".", name, *"." * len(of), how] for name, how in others)]

    return [
        [("ALB Metrics", metrics("AWS/ApplicationELB", of_balancer, ("RequestCount", SUM))),
         ("Response time", metrics("AWS/ApplicationELB", of_balancer,
                                   ("TargetResponseTime", P50), ("TargetResponseTime", P99))),
         ("Failed requests", metrics("AWS/ApplicationELB", of_balancer,
                                     ("HTTPCode_Target_5XX_Count", SUM), ("HTTPCode_ELB_5XX_Count", SUM))),
         ("Refused requests", metrics("AWS/ApplicationELB", of_balancer,
                                      ("HTTPCode_Target_4XX_Count", SUM), ("HTTPCode_ELB_4XX_Count", SUM))),
         ("Firewall", metrics("AWS/WAFV2", of_firewall, ("BlockedRequests", SUM), ("AllowedRequests", SUM))),
         ("Healthy hosts", [[{"expression": HOSTS}]])],
        [("ECS Service Metrics", metrics("AWS/ECS", of_service, ("CPUUtilization", P99), ("MemoryUtilization", P99))),
         ("Tasks", metrics("ECS/ContainerInsights", of_service,
                           ("RunningTaskCount", MOST), ("DesiredTaskCount", MOST)))],
        [("Lambda Metrics", metrics("AWS/Lambda", of_function,
                                    ("Invocations", SUM), ("Errors", SUM), ("Throttles", SUM))),
         ("Validations", metrics(NAMESPACE, of_function, *(
             (name, SUM) for name in ("Accepted", "Rejected", "Duplicate", "Unavailable")))),
         ("Rejected by code", [[{"expression": BY_CODE}]]),
         ("Validation latency", metrics(NAMESPACE, of_function, ("Latency", P50), ("Latency", P99))),
         ("Lambda duration", metrics("AWS/Lambda", of_function, ("Duration", P50), ("Duration", P99)))],
        [("Database load", metrics("AWS/RDS", of_database, ("CPUUtilization", P99), ("DatabaseConnections", MOST))),
         ("Database latency", metrics("AWS/RDS", of_database,
                                      ("CommitLatency", P50), ("CommitLatency", P99))),
         ("Database memory", metrics("AWS/RDS", of_database, ("FreeableMemory", LEAST))),
         ("Serverless capacity", metrics("AWS/RDS", of_database, ("ACUUtilization", MOST))),
         ("Replica lag", metrics("AWS/RDS", of_database, ("AuroraReplicaLagMaximum", MOST)))],
        [("DynamoDB Operations", metrics("AWS/DynamoDB", of_table, ("ConsumedReadCapacityUnits", SUM),
                                         ("ConsumedWriteCapacityUnits", SUM))),
         ("DynamoDB throttles", metrics("AWS/DynamoDB", of_table,
                                        ("ReadThrottleEvents", SUM), ("WriteThrottleEvents", SUM)))],
        [("Failed events", metrics("AWS/SQS", ("QueueName", "${ValidationFailures.QueueName}"), waiting)),
         ("Undelivered alerts", metrics("AWS/SQS", ("QueueName", "${AlertsFallbackQueue.QueueName}"), waiting))],
    ]
