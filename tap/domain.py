"""The domain: the load balancer's certificate, given or issued by the stack, and the DNS records of the stack."""

from typing import Any, NamedTuple

from troposphere import And, AWSHelperFn, AWSObject, Condition, Equals, If, Not, Or, Parameter, Sub, Template
from troposphere.certificatemanager import Certificate, DomainValidationOption
from troposphere.route53 import AliasTarget, RecordSetType  # type: ignore[attr-defined]  # re-exported implicitly

from tap.parts import add_export, add_parameter

# The hosted zone of every CloudFront distribution:
# https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-properties-route53-recordset-aliastarget.html
CLOUDFRONT_ZONE = "Z2FDTNDATAQYW2"
HOST = r"([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}"
CERTIFICATE = r"(arn:aws[a-z-]*:acm:%s:\d{12}:certificate/[A-Za-z0-9-]+)?"  # in a region, or empty


class Domain(NamedTuple):
    """The parts of the domain that other tiers use."""

    template: Template
    certificate: AWSHelperFn
    """ARN of the load balancer's certificate."""
    has_certificate: str
    cdn_name: AWSHelperFn
    cdn_certificate: AWSHelperFn
    has_cdn_certificate: str
    name: AWSHelperFn
    zone: AWSHelperFn
    has_record: str
    has_cdn_record: str

    def lead_to_balancer(self, balancer: AWSObject) -> None:
        """Add the load balancer's record if there is a hosted zone."""
        self._alias("DomainRecord", "A", self.has_record, self.name, balancer.get_att("DNSName"),
                    balancer.get_att("CanonicalHostedZoneID"), EvaluateTargetHealth=True)

    def lead_to_distribution(self, distribution: AWSObject) -> None:
        """Add the distribution's A and AAAA records if there is a hosted zone."""
        for kind, title in (("A", "CdnRecord"), ("AAAA", "CdnIpv6Record")):
            self._alias(title, kind, self.has_cdn_record, self.cdn_name, distribution.get_att("DomainName"),
                        CLOUDFRONT_ZONE)

    def _alias(
            self, title: str, kind: str, condition: str, name: Any, target: Any, zone: Any, **options: Any) -> None:
        self.template.add_resource(RecordSetType(
            title, Condition=condition, HostedZoneId=self.zone, Name=name, Type=kind,
            # Its initializer has no annotations.
            AliasTarget=AliasTarget(zone, target, **options)))  # type: ignore[no-untyped-call]


def add_domain(t: Template) -> Domain:
    """Declare the domain parameters; issue a certificate if a name and its zone are given, but no certificate."""
    group = "Domain"
    given = add_parameter(t, group, "Certificate", Parameter(
        "CertificateArn", Type="String", Default="", AllowedPattern=CERTIFICATE % "[a-z0-9-]+",
        ConstraintDescription="must be the ARN of an ACM certificate, or empty",
        Description="ARN of an ACM certificate in the stack's region. Empty to issue one for DomainName, or to serve "
                    "plain HTTP without a domain."))
    name = add_parameter(t, group, "Domain name", Parameter(
        "DomainName", Type="String", Default="", AllowedPattern=f"({HOST})?",
        ConstraintDescription="must be a lowercase host name, or empty",
        Description="Host name of the application; empty to use the load balancer's DNS name."))
    zone = add_parameter(t, group, "Hosted zone", Parameter(
        "HostedZoneId", Type="String", Default="", AllowedPattern="(Z[A-Z0-9]{1,31})?",
        ConstraintDescription="must be the id of a Route 53 hosted zone, or empty",
        Description="Id of the public Route 53 hosted zone for the domain's records and certificate; empty if DNS is "
                    "managed elsewhere."))
    cdn_name = add_parameter(t, group, "CDN domain name", Parameter(
        "CdnDomainName", Type="String", Default="", AllowedPattern=f"({HOST})?",
        ConstraintDescription="must be a lowercase host name, or empty",
        Description="Host name of the assets; empty to use CloudFront's domain name."))
    cdn_certificate = add_parameter(t, group, "CDN certificate", Parameter(
        # https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/cnames-and-https-requirements.html
        "CdnCertificateArn", Type="String", Default="",
        AllowedPattern=CERTIFICATE % "us-east-1",
        ConstraintDescription="must be the ARN of an ACM certificate in us-east-1, or empty",
        Description="ARN of an ACM certificate for CdnDomainName; it must be in us-east-1, whatever the stack's "
                    "region."))
    is_given = t.add_condition("HasCertificateArn", Not(Equals(given.ref(), "")))
    has_zone = t.add_condition("HasHostedZone", Not(Equals(zone.ref(), "")))
    has_record = t.add_condition("HasDomainRecord", And(Condition(has_zone), Not(Equals(name.ref(), ""))))
    is_issued = t.add_condition("IsCertificateIssued", And(Condition(has_record), Not(Condition(is_given))))
    has_certificate = t.add_condition("HasCertificate", Or(Condition(is_given), Condition(is_issued)))
    # The rules require both or neither.
    has_cdn_certificate = t.add_condition("HasCdnCertificate", Not(Equals(cdn_certificate.ref(), "")))
    has_cdn_record = t.add_condition("HasCdnRecord", And(Condition(has_zone), Condition(has_cdn_certificate)))

    issued = t.add_resource(Certificate(
        "Certificate", Condition=is_issued, DomainName=name.ref(), ValidationMethod="DNS",
        DomainValidationOptions=[DomainValidationOption(DomainName=name.ref(), HostedZoneId=zone.ref())]))
    has_name = t.add_condition("HasDomainName", Not(Equals(name.ref(), "")))
    for title, description, host, condition in (
            ("ApplicationURL", "URL of the application under its domain name", name, has_name),
            ("AssetsURL", "URL of the assets under their domain name", cdn_name, has_cdn_certificate)):
        add_export(t, title, description, Sub(f"https://${{{host.title}}}"),
                   title.replace("URL", "-url").lower(), Condition=condition)
    return Domain(
        t, If(is_issued, issued.ref(), given.ref()), has_certificate,
        cdn_name.ref(), cdn_certificate.ref(), has_cdn_certificate,
        name.ref(), zone.ref(), has_record, has_cdn_record)
