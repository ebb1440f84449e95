"""The monitoring tier: the alerts topic, the alarms that feed it, and the dashboard."""

import json
from typing import Any

from troposphere import AWSHelperFn, AWSObject, Equals, Not, Parameter, Sub, Template
from troposphere.cloudwatch import Alarm, CompositeAlarm, Dashboard, MetricDimension
from troposphere.sns import SubscriptionResource, Topic

from tap.load_balancer import Balancer
from tap.parts import add_export, add_parameter
from tap.service import WebService
from tap.sessions import Sessions
from tap.validation import Validation


def add_monitoring(
        t: Template, service: WebService, balancer: Balancer, sessions: Sessions,
        validation: Validation) -> None:
    """Add the topic, an e-mail subscription where an address is given, the alarms and the dashboard."""
    email = add_parameter(t, "Monitoring", "Alert e-mail", Parameter(
        "AlertEmail", Type="String", Default="", AllowedPattern=r"([^@\s]+@[^@\s]+\.[^@\s]+)?",
        ConstraintDescription="must be an e-mail address, or empty",
        Description="Address for alerts, which it must confirm; empty for none."))
    has_email = t.add_condition("HasAlertEmail", Not(Equals(email.ref(), "")))

    topic = t.add_resource(Topic("AlertsTopic", DisplayName=Sub("Critical Alerts - ${Environment}")))
    t.add_resource(SubscriptionResource(
        "AlertsSubscription", Condition=has_email, TopicArn=topic.ref(), Protocol="email",
        Endpoint=email.ref()))

    def add_alarm(
            title: str, description: str, namespace: str, metric: str, dimensions: dict[str, AWSHelperFn],
            statistic: str, threshold: int, periods: int) -> Alarm:
        return t.add_resource(Alarm(
            title, AlarmDescription=description, Namespace=namespace, MetricName=metric,
            Dimensions=[MetricDimension(Name=name, Value=value) for name, value in dimensions.items()],
            Statistic=statistic, Period=300, EvaluationPeriods=periods,
            ComparisonOperator="GreaterThanOrEqualToThreshold", Threshold=threshold,
            TreatMissingData="notBreaching", AlarmActions=[topic.ref()]))

    of_service = {"ClusterName": service.cluster.ref(), "ServiceName": service.service.get_att("Name")}
    add_alarm("HighCpuAlarm", "High CPU utilization on ECS tasks", "AWS/ECS", "CPUUtilization",
              of_service, "Average", 80, 2)
    add_alarm("HighMemoryAlarm", "High memory utilization on ECS tasks", "AWS/ECS", "MemoryUtilization",
              of_service, "Average", 80, 2)
    add_alarm("ValidationErrorAlarm", "High error rate on the validation function", "AWS/Lambda", "Errors",
              {"FunctionName": validation.function.ref()}, "Sum", 10, 1)
    of_balancer: dict[str, AWSHelperFn] = {"LoadBalancer": balancer.load_balancer.get_att("LoadBalancerFullName")}
    # Where no task is healthy, no task answers 5XX: the load balancer does, and counts apart.
    failing = (
        add_alarm("Target5xxAlarm", "High 5XX error rate of the tasks", "AWS/ApplicationELB",
                  "HTTPCode_Target_5XX_Count", of_balancer, "Sum", 10, 2),
        add_alarm("LoadBalancer5xxAlarm", "Requests without a task", "AWS/ApplicationELB",
                  "HTTPCode_ELB_5XX_Count", of_balancer, "Sum", 10, 2))
    # Rolls an update of the stack back, see rollback_alarms in parameters/targets.toml; its parts tell the topic.
    health = t.add_resource(CompositeAlarm("ServiceHealthAlarm", AlarmRule=Sub(
        " OR ".join(f"ALARM(${{{alarm.title}}})" for alarm in failing))))
    add_export(t, "ServiceHealthAlarm", "Alarm that rolls back", health.ref(), "service-health-alarm")

    t.add_resource(Dashboard(
        # Dashboards have one name in all regions of an account.
        "Dashboard", DashboardName=Sub("${AWS::StackName}-${AWS::Region}"),
        DashboardBody=Sub(_dashboard_body(
            service.cluster, service.service, balancer.load_balancer, sessions.table, validation.function))))


def _dashboard_body(
        cluster: AWSObject, service: AWSObject, load_balancer: AWSObject, table: AWSObject,
        function: AWSObject) -> str:
    """Return the dashboard as JSON, one widget a line, with `${}` for CloudFormation to fill in.

    https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/CloudWatch-Dashboard-Body-Structure.html
    """
    of_service = ("ClusterName", f"${{{cluster.title}}}", "ServiceName", f"${{{service.title}.Name}}")
    of_balancer = ("LoadBalancer", f"${{{load_balancer.title}.LoadBalancerFullName}}")
    of_table = ("TableName", f"${{{table.title}}}")
    of_function = ("FunctionName", f"${{{function.title}}}")
    total = {"stat": "Sum"}
    widgets: list[tuple[str, list[list[Any]]]] = [
        ("ECS Service Metrics", [
            ["AWS/ECS", "CPUUtilization", *of_service],
            ["AWS/ECS", "MemoryUtilization", *of_service]]),
        ("ALB Metrics", [
            ["AWS/ApplicationELB", "RequestCount", *of_balancer, total],
            ["AWS/ApplicationELB", "TargetResponseTime", *of_balancer]]),
        ("DynamoDB Operations", [
            ["AWS/DynamoDB", "ConsumedReadCapacityUnits", *of_table, total],
            ["AWS/DynamoDB", "ConsumedWriteCapacityUnits", *of_table, total]]),
        ("Lambda Metrics", [
            ["AWS/Lambda", "Invocations", *of_function, total],
            ["AWS/Lambda", "Errors", *of_function, total],
            ["AWS/Lambda", "Duration", *of_function]]),
    ]
    lines = [json.dumps({
        "type": "metric", "x": 12 * (place % 2), "y": 6 * (place // 2), "width": 12, "height": 6,
        "properties": {"title": title, "region": "${AWS::Region}", "metrics": metrics},
    }, separators=(",", ":")) for place, (title, metrics) in enumerate(widgets)]
    return '{"widgets":[\n' + ",\n".join(lines) + "\n]}\n"
