"""The load balancer tier: an internet-facing ALB, its listeners, and the target group they forward to."""

from typing import Any, NamedTuple

from troposphere import AWSHelperFn, Equals, If, Not, Parameter, Template
from troposphere.ec2 import SecurityGroup, SecurityGroupIngress
from troposphere.elasticloadbalancingv2 import (
    Action,
    Certificate,
    Listener,
    LoadBalancer,
    LoadBalancerAttributes,
    RedirectConfig,
    TargetGroup,
    TargetGroupAttribute,
)

from tap.network import ANYWHERE, Network, add_security_group
from tap.parts import add_export, add_parameter


class Balancer(NamedTuple):
    """What the other tiers may use of the load balancer."""

    load_balancer: LoadBalancer
    security_group: SecurityGroup
    target_group: TargetGroup
    http_listener: Listener
    https_listener: AWSHelperFn
    """A reference to the HTTPS listener; an empty string where there is no certificate."""
    port: AWSHelperFn
    """The port that the targets listen on."""


def add_load_balancer(t: Template, network: Network) -> Balancer:
    """Add the ALB; with a certificate it serves HTTPS and redirects to it, without one it serves HTTP."""
    certificate = add_parameter(t, "Load balancer", "Certificate", Parameter(
        "CertificateArn", Type="String", Default="",
        AllowedPattern=r"(arn:aws[a-z-]*:acm:[a-z0-9-]+:\d{12}:certificate/[A-Za-z0-9-]+)?",
        ConstraintDescription="must be the ARN of an ACM certificate, or empty",
        Description="ACM certificate, in the stack's region, for HTTPS; empty for plain HTTP."))
    health_path = add_parameter(t, "Load balancer", "Health path", Parameter(
        "HealthCheckPath", Type="String", Default="/", AllowedPattern=r"/[\x21-\x7e]{0,1023}",
        ConstraintDescription="must start with a slash and hold no spaces",
        Description="Path that answers 200 in a healthy task."))
    port = add_parameter(t, "Load balancer", "Container port", Parameter(
        "ContainerPort", Type="Number", Default=8080, MinValue=1, MaxValue=65535,
        Description="Port the container listens on, and finds in PORT."))
    has_certificate = t.add_condition("HasCertificate", Not(Equals(certificate.ref(), "")))

    security_group = add_security_group(t, "LoadBalancer", network.vpc, "Load balancer")

    def admit(protocol: str, listener_port: int, **attributes: Any) -> None:
        t.add_resource(SecurityGroupIngress(
            f"{protocol.capitalize()}Ingress", GroupId=security_group.get_att("GroupId"),
            Description=protocol, IpProtocol="tcp", FromPort=listener_port, ToPort=listener_port,
            CidrIp=ANYWHERE, **attributes))

    admit("HTTP", 80)
    admit("HTTPS", 443, Condition=has_certificate)
    load_balancer = t.add_resource(LoadBalancer(
        "LoadBalancer", Scheme="internet-facing",
        # Its nodes must be reachable from the moment that they are there.
        DependsOn=list(network.public_routing),
        Subnets=[subnet.ref() for subnet in network.public_subnets],
        SecurityGroups=[security_group.get_att("GroupId")],
        LoadBalancerAttributes=[LoadBalancerAttributes(
            Key="routing.http.drop_invalid_header_fields.enabled", Value="true")]))
    target_group = t.add_resource(TargetGroup(
        "TargetGroup", VpcId=network.vpc.ref(), TargetType="ip", Protocol="HTTP", Port=port.ref(),
        HealthCheckPath=health_path.ref(), HealthCheckIntervalSeconds=30, HealthCheckTimeoutSeconds=5,
        HealthyThresholdCount=2, UnhealthyThresholdCount=3,
        TargetGroupAttributes=[TargetGroupAttribute(Key="deregistration_delay.timeout_seconds", Value="30")]))

    forward = Action(Type="forward", TargetGroupArn=target_group.ref())
    redirect = Action(Type="redirect", RedirectConfig=RedirectConfig(
        Protocol="HTTPS", Port="443", StatusCode="HTTP_301"))
    https_listener = t.add_resource(Listener(
        "HttpsListener", Condition=has_certificate, LoadBalancerArn=load_balancer.ref(),
        Port=443, Protocol="HTTPS", SslPolicy="ELBSecurityPolicy-TLS13-1-2-2021-06",
        Certificates=[Certificate(CertificateArn=certificate.ref())], DefaultActions=[forward]))
    http_listener = t.add_resource(Listener(
        "HttpListener", LoadBalancerArn=load_balancer.ref(), Port=80, Protocol="HTTP",
        DefaultActions=[If(has_certificate, redirect, forward)]))

    add_export(t, "LoadBalancerDNS", "Application Load Balancer DNS", load_balancer.get_att("DNSName"),
               "alb-dns")
    return Balancer(
        load_balancer, security_group, target_group, http_listener,
        If(has_certificate, https_listener.ref(), ""), port.ref())
