"""Requests to the services' APIs that several checks share."""

from typing import Any

from tap.rehearsal.deployed import Stack
from tap.rehearsal.emulator import Clients

Answer = dict[str, Any]


def every(client: Any, method: str, key: str, **request: Any) -> list[Any]:
    """Return all items of a paginated list."""
    return [item for page in client.get_paginator(method).paginate(**request) for item in page.get(key) or []]


def cluster(aws: Clients, stack: Stack) -> Answer:
    """Return the Aurora cluster."""
    description, = aws("rds").describe_db_clusters(DBClusterIdentifier=stack.id("DatabaseCluster"))["DBClusters"]
    return dict(description)


def table(aws: Clients, stack: Stack) -> Answer:
    """Return the sessions table."""
    return dict(aws("dynamodb").describe_table(TableName=stack.id("SessionsTable"))["Table"])


def balancer(aws: Clients, stack: Stack) -> Answer:
    """Return the load balancer."""
    description, = aws("elbv2").describe_load_balancers(
        LoadBalancerArns=[stack.id("LoadBalancer")])["LoadBalancers"]
    return dict(description)


def balancer_attributes(aws: Clients, stack: Stack) -> dict[str, str]:
    """Return the load balancer's attributes."""
    attributes = aws("elbv2").describe_load_balancer_attributes(LoadBalancerArn=stack.id("LoadBalancer"))["Attributes"]
    return {attribute["Key"]: attribute["Value"] for attribute in attributes}


def service(aws: Clients, stack: Stack) -> Answer:
    """Return the ECS service."""
    description, = aws("ecs").describe_services(
        cluster=stack.id("Cluster"), services=[stack.id("Service")])["services"]
    return dict(description)


def task_definition(aws: Clients, stack: Stack) -> Answer:
    """Return the task definition that the ECS service runs."""
    return dict(aws("ecs").describe_task_definition(
        taskDefinition=service(aws, stack)["taskDefinition"])["taskDefinition"])


def distribution(aws: Clients, stack: Stack) -> Answer:
    """Return the CloudFront distribution."""
    return dict(aws("cloudfront").get_distribution(Id=stack.id("Distribution"))["Distribution"])


def topic(aws: Clients, stack: Stack) -> Answer:
    """Return the attributes of the alerts topic."""
    return dict(aws("sns").get_topic_attributes(TopicArn=stack.id("AlertsTopic"))["Attributes"])


def queue(aws: Clients, url: str) -> Answer:
    """Return the attributes of a queue."""
    return dict(aws("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"])
