"""E9307: CloudFront alias without a certificate."""

from collections.abc import Iterator, Mapping
from typing import Any

from tap.wiring.graph import Stack
from tap.wiring.rule import Broken, WiringRule
from tap.wiring.values import is_function, is_true

DISTRIBUTION = "AWS::CloudFront::Distribution"
CERTIFICATES = ("AcmCertificateArn", "IamCertificateId")


class AliasCertificate(WiringRule):
    """CloudFront needs a certificate for each alternate domain name."""

    id = "E9307"
    shortdesc = "CloudFront alias without a certificate"
    description = (
        "CloudFront rejects aliases (alternate domain names) without a certificate that covers them; its default "
        "certificate covers only *.cloudfront.net.")
    source_url = (
        "https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/CNAMEs.html#alternate-domain-names-requirements")
    error = (
        "To add an alternate domain name (CNAME) to a CloudFront distribution, you must attach a trusted "
        "certificate that validates your authorization to use the domain name.")
    fix = "Set ViewerCertificate with AcmCertificateArn, or remove the alias."
    types = (DISTRIBUTION,)

    def broken(self, stack: Stack) -> Iterator[Broken]:
        """Yield distributions with aliases and CloudFront's own certificate."""
        for distribution in stack.of_type(DISTRIBUTION):
            aliases = distribution.at("DistributionConfig", "Aliases")
            # A list from a parameter may be empty. An item of a list is an alias, since CloudFront rejects empty ones.
            named = [alias for alias in aliases if alias != "" and "{{resolve:" not in str(alias)
                     ] if isinstance(aliases, list) else []
            if named and not _may_have_certificate(distribution.at("DistributionConfig", "ViewerCertificate")):
                yield Broken(distribution, "no certificate", "DistributionConfig", f"it has the alias {named[0]}")


def _may_have_certificate(viewer: Any) -> bool:
    if not isinstance(viewer, Mapping) or is_function(viewer):
        return viewer is not None
    return not is_true(viewer.get("CloudFrontDefaultCertificate")) and any(name in viewer for name in CERTIFICATES)
