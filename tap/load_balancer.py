"""The load balancer tier: an internet-facing ALB, its listeners, and the target group they forward to."""

from typing import Any, NamedTuple

from troposphere import AWSHelperFn, If, Parameter, Ref, Template
from troposphere.ec2 import SecurityGroup, SecurityGroupIngress
from troposphere.elasticloadbalancingv2 import (
    Action,
    Certificate,
    Listener,
    ListenerAttribute,
    LoadBalancer,
    LoadBalancerAttributes,
    RedirectConfig,
    TargetGroup,
    TargetGroupAttribute,
)

from tap.access_logs import AccessLogs
from tap.domain import Domain
from tap.existing_vpc import IDS_BY_PARAMETER
from tap.network import ANYWHERE, Network, add_security_group
from tap.parts import add_export, add_parameter, suppress
from tap.whole_numbers import add_whole_number

# Seconds for requests to complete when a task stops. With the task's 30 seconds to stop, that is less than Spot's
# two-minute notice.
DRAINING = 30


class Balancer(NamedTuple):
    """The parts of the load balancer tier that other tiers use."""

    load_balancer: LoadBalancer
    security_group: SecurityGroup
    target_group: TargetGroup
    http_listener: Listener
    https_listener: AWSHelperFn
    """A reference to the HTTPS listener; an empty string without a certificate."""
    port: AWSHelperFn
    """Port that the targets listen on."""
    production_listener: AWSHelperFn
    """The listener that forwards to tasks: HTTPS with a certificate, else HTTP."""

    @property
    def dimensions(self) -> dict[str, Any]:
        """The dimensions of the load balancer's metrics."""
        return {"LoadBalancer": self.load_balancer.get_att("LoadBalancerFullName")}


def add_load_balancer(
        t: Template, network: Network, domain: Domain, access_logs: AccessLogs,
        has_deletion_protection: str) -> Balancer:
    """Add the ALB, which serves HTTPS and redirects HTTP if there is a certificate, else serves HTTP."""
    add_parameter(t, "Load balancer", "Health path", Parameter(
        "HealthCheckPath", Type="String", Default="/", AllowedPattern=r"/[\x21-\x7e]{0,1023}",
        ConstraintDescription="must start with a slash and contain no spaces",
        Description="Health check path. A healthy task responds with status 200."))
    port = add_whole_number(
        t, "Load balancer", "Container port", "ContainerPort", 8080, 1, 65535,
        "Port that the container listens on; also set as its variable PORT.")
    has_certificate = domain.has_certificate

    security_group = add_security_group(t, "LoadBalancer", network.vpc, "Load balancer")

    def admit(protocol: str, listener_port: int, **attributes: Any) -> SecurityGroupIngress:
        return t.add_resource(SecurityGroupIngress(
            f"{protocol.capitalize()}Ingress", GroupId=security_group.get_att("GroupId"),
            Description=protocol, IpProtocol="tcp", FromPort=listener_port, ToPort=listener_port,
            CidrIp=ANYWHERE, **attributes))

    suppress(admit("HTTP", 80), {"CKV_AWS_260": "Redirects to HTTPS"})
    admit("HTTPS", 443, Condition=has_certificate)
    load_balancer = t.add_resource(LoadBalancer(
        "LoadBalancer", Scheme="internet-facing",
        # Its nodes must be reachable as soon as they exist. Enabling logs makes it write a test file to the bucket.
        Metadata={**IDS_BY_PARAMETER, "WaitsFor": [network.public_routing, access_logs.is_writable]},
        Subnets=network.public_subnets,
        SecurityGroups=[security_group.get_att("GroupId")],
        LoadBalancerAttributes=[
            LoadBalancerAttributes(
                Key="deletion_protection.enabled", Value=If(has_deletion_protection, "true", "false")),
            # Lets ARC shift traffic away from an impaired zone.
            # https://docs.aws.amazon.com/elasticloadbalancing/latest/application/zonal-shift.html
            LoadBalancerAttributes(Key="zonal_shift.config.enabled", Value="true"),
            LoadBalancerAttributes(Key="routing.http.drop_invalid_header_fields.enabled", Value="true"),
            *access_logs.of_balancer()]))
    suppress(load_balancer, {"CKV_AWS_91": "By AccessLogs"})
    domain.lead_to_balancer(load_balancer)
    target_group = t.add_resource(target_group_of("TargetGroup", network))

    forward = Action(Type="forward", TargetGroupArn=target_group.ref())
    redirect = Action(Type="redirect", RedirectConfig=RedirectConfig(
        Protocol="HTTPS", Port="443", StatusCode="HTTP_301"))
    https_listener = t.add_resource(Listener(
        "HttpsListener", Condition=has_certificate, LoadBalancerArn=load_balancer.ref(),
        Port=443, Protocol="HTTPS", SslPolicy="ELBSecurityPolicy-TLS13-1-2-Res-2021-06",
        Certificates=[Certificate(CertificateArn=domain.certificate)], DefaultActions=[forward],
        # Browsers use HTTPS for a year, regardless of the application's own headers.
        # https://docs.aws.amazon.com/elasticloadbalancing/latest/application/header-modification.html
        ListenerAttributes=[ListenerAttribute(
            Key="routing.http.response.strict_transport_security.header_value", Value="max-age=31536000")]))
    http_listener = t.add_resource(Listener(
        "HttpListener", LoadBalancerArn=load_balancer.ref(), Port=80, Protocol="HTTP",
        # When a certificate is added later, HTTP keeps serving until HTTPS does: issuing one takes minutes and can
        # fail.
        Metadata={"WaitsFor": If(has_certificate, https_listener.ref(), "")},
        DefaultActions=[If(has_certificate, redirect, forward)]))
    suppress(http_listener, dict.fromkeys(("CKV_AWS_2", "CKV_AWS_103"), "By CertificateArn"))

    add_export(t, "LoadBalancerDNS", "Application Load Balancer DNS", load_balancer.get_att("DNSName"),
               "alb-dns")
    return Balancer(
        load_balancer, security_group, target_group, http_listener,
        If(has_certificate, https_listener.ref(), ""), port.ref(),
        If(has_certificate, https_listener.ref(), http_listener.ref()))


def target_group_of(title: str, network: Network, **attributes: Any) -> TargetGroup:
    """Return a target group for tasks; two responses in a row, each within five seconds, make a task healthy."""
    return TargetGroup(
        title, VpcId=network.vpc, TargetType="ip", Protocol="HTTP",
        # ECS registers each task with its container's port. Changing the group's port would replace the group:
        # https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-elasticloadbalancingv2-targetgroup.html
        Port=80,
        HealthCheckPath=Ref("HealthCheckPath"), HealthCheckIntervalSeconds=30, HealthCheckTimeoutSeconds=5,
        HealthyThresholdCount=2, UnhealthyThresholdCount=3,
        TargetGroupAttributes=[TargetGroupAttribute(
            Key="deregistration_delay.timeout_seconds", Value=str(DRAINING))], **attributes)
