"""E9307."""

import pytest

CERTIFICATE = """\
        ViewerCertificate:
          AcmCertificateArn: arn:aws:acm:us-east-1:123456789012:certificate/00000000-0000-0000-0000-000000000000
          SslSupportMethod: sni-only
          MinimumProtocolVersion: TLSv1.2_2021
"""
FINDING = (
    "E9307 `Distribution` → no certificate: it has the alias www.example.com. "
    "Set ViewerCertificate with AcmCertificateArn, or remove the alias.")


@pytest.mark.parametrize("certificate", ["", "        ViewerCertificate: {CloudFrontDefaultCertificate: true}\n"])
def test_an_alias_without_a_certificate_of_its_own_is_found(found, certificate):
    assert found((CERTIFICATE, certificate)) == [FINDING]


def test_it_is_found_where_a_condition_takes_the_certificate_away_alone(found):
    conditional = (
        "        ViewerCertificate: !If [HasCertificate, {AcmCertificateArn: !Ref CertificateArn, "
        "SslSupportMethod: sni-only}, !Ref AWS::NoValue]\n")
    assert found((CERTIFICATE, conditional)) == [f"{FINDING} (Where HasCertificate is false.)"]
    both = "Aliases: [www.example.com]", "Aliases: !If [HasCertificate, [www.example.com], !Ref AWS::NoValue]"
    assert found((CERTIFICATE, conditional), both) == []


@pytest.mark.parametrize("aliases", [
    "[]", "['']", "!Ref Image", "!Split [',', !Ref Image]", "['{{resolve:ssm:/web/alias}}']", "!Ref AWS::NoValue"])
def test_no_alias_or_one_that_may_be_empty_is_not_found(found, aliases):
    assert found((CERTIFICATE, ""), ("Aliases: [www.example.com]", f"Aliases: {aliases}")) == []


@pytest.mark.parametrize("alias", ["!Ref Image", "!Sub 'www.${Image}'", "!ImportValue alias", "'*.example.com'"])
def test_an_alias_whose_text_is_not_known_is_still_an_alias(found, alias):
    [message] = found((CERTIFICATE, ""), ("Aliases: [www.example.com]", f"Aliases: [{alias}]"))
    assert message.startswith("E9307 `Distribution`")


def test_settings_without_a_certificate_are_none(found):
    viewer = "        ViewerCertificate: {SslSupportMethod: sni-only, MinimumProtocolVersion: TLSv1.2_2021}\n"
    assert found((CERTIFICATE, viewer)) == [FINDING]


@pytest.mark.parametrize("viewer", [
    "{AcmCertificateArn: !Ref CertificateArn}", "{AcmCertificateArn: ''}",
    "{IamCertificateId: ABC}", "!Ref Image", "!ImportValue viewer"])
def test_a_certificate_from_elsewhere_is_one(found, viewer):
    assert found((CERTIFICATE, f"        ViewerCertificate: {viewer}\n"), (
        "CertificateArn: {Type: String, Default: ''}", "CertificateArn: {Type: String, Default: arn}")) == []
