"""The domain: certificates given and issued, and the records that lead to the stack."""

from collections.abc import Callable

import pytest
from stack_view import StackView

from tap.template.resolve import Reference

Deployed = Callable[..., StackView]
CERTIFICATE = "arn:aws:acm:us-east-1:123456789012:certificate/00000000-0000-0000-0000-000000000000"
NAMED = {"DomainName": "pay.payments.test", "HostedZoneId": "Z1"}
CDN = {"CdnDomainName": "cdn.payments.test", "CdnCertificateArn": CERTIFICATE}
RECORD = "AWS::Route53::RecordSet"


def https_certificate(stack: StackView) -> object:
    (https,) = stack.where("AWS::ElasticLoadBalancingV2::Listener", Protocol="HTTPS").values()
    return https["Certificates"][0]["CertificateArn"]


def test_a_domain_in_its_zone_gets_a_certificate_that_dns_validates(deployed: Deployed) -> None:
    stack = deployed(**NAMED)
    certificate = stack.only("AWS::CertificateManager::Certificate")
    assert certificate["DomainName"] == "pay.payments.test"
    assert certificate["ValidationMethod"] == "DNS"
    assert certificate["DomainValidationOptions"] == [{"DomainName": "pay.payments.test", "HostedZoneId": "Z1"}]
    assert https_certificate(stack) == Reference("Certificate")


def test_a_given_certificate_is_used_and_none_issued(deployed: Deployed) -> None:
    stack = deployed(**NAMED, CertificateArn=CERTIFICATE)
    assert not stack.all("AWS::CertificateManager::Certificate")
    assert https_certificate(stack) == CERTIFICATE


@pytest.mark.parametrize("given", [{}, {"DomainName": "pay.payments.test"}, {"HostedZoneId": "Z1"}])
def test_without_a_name_and_its_zone_there_is_no_record_and_no_https(deployed: Deployed, given: dict[str, str]) -> None:
    stack = deployed(**given)
    assert not stack.all(RECORD)
    assert not stack.where("AWS::ElasticLoadBalancingV2::Listener", Protocol="HTTPS")


def test_the_name_leads_to_the_load_balancer(deployed: Deployed) -> None:
    record = deployed(**NAMED).properties("DomainRecord")
    assert record == {
        "HostedZoneId": "Z1", "Name": "pay.payments.test", "Type": "A", "AliasTarget": {
            "DNSName": Reference("LoadBalancer", "DNSName"), "EvaluateTargetHealth": True,
            "HostedZoneId": Reference("LoadBalancer", "CanonicalHostedZoneID")}}


def test_the_cdns_name_leads_to_the_distribution_over_both_families(deployed: Deployed) -> None:
    stack = deployed(HostedZoneId="Z1", **CDN)
    records = stack.all(RECORD).values()
    assert sorted(record["Type"] for record in records) == ["A", "AAAA"]
    for record in records:
        assert record["Name"] == "cdn.payments.test"
        # https://docs.aws.amazon.com/Route53/latest/APIReference/API_AliasTarget.html
        assert record["AliasTarget"] == {
            "DNSName": Reference("Distribution", "DomainName"), "HostedZoneId": "Z2FDTNDATAQYW2"}


def test_under_its_name_cloudfront_takes_tls_1_2_at_least(deployed: Deployed) -> None:
    distribution = deployed(**CDN).properties("Distribution")["DistributionConfig"]
    assert distribution["Aliases"] == ["cdn.payments.test"]
    assert distribution["ViewerCertificate"] == {
        "AcmCertificateArn": CERTIFICATE, "SslSupportMethod": "sni-only", "MinimumProtocolVersion": "TLSv1.2_2021"}


def test_cloudfront_takes_no_certificate_of_another_region(accepts: Callable[..., bool]) -> None:
    assert accepts("CdnCertificateArn", CERTIFICATE)
    assert not accepts("CdnCertificateArn", CERTIFICATE.replace("us-east-1", "eu-central-1"))
    assert accepts("CertificateArn", CERTIFICATE.replace("us-east-1", "eu-central-1"))


def test_without_a_name_cloudfront_uses_its_own(deployed: Deployed) -> None:
    distribution = deployed().properties("Distribution")["DistributionConfig"]
    assert "Aliases" not in distribution
    assert distribution["ViewerCertificate"] == {"CloudFrontDefaultCertificate": True}


@pytest.mark.parametrize(("name", "accepted"), [
    ("pay.payments.test", True), ("", True), ("Pay.payments.test", False), ("payments", False),
    ("https://pay.payments.test", False), ("*.payments.test", False), ("pay..test", False)])
def test_a_domain_name_is_a_host(accepts: Callable[..., bool], name: str, accepted: bool) -> None:
    assert accepts("DomainName", name) is accepted


@pytest.mark.parametrize(("parameters", "output", "url"), [
    (NAMED, "ApplicationURL", "https://pay.payments.test"), (CDN, "AssetsURL", "https://cdn.payments.test")])
def test_a_name_is_an_output_where_there_is_one(
        deployed: Deployed, parameters: dict[str, str], output: str, url: str) -> None:
    assert deployed(**parameters).outputs()[output]["Value"] == url
    assert output not in deployed().outputs()
