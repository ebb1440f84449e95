"""E9307: CloudFront alias without a certificate."""

from collections.abc import Iterator

from tap.wiring.graph import Stack
from tap.wiring.rule import Broken, WiringRule
from tap.wiring.values import Text, as_list, is_known, is_true

DISTRIBUTION = "AWS::CloudFront::Distribution"


class AliasCertificate(WiringRule):
    """CloudFront answers to a name of yours with a certificate for it."""

    id = "E9307"
    shortdesc = "CloudFront alias without a certificate"
    description = (
        "CloudFront refuses aliases (alternate domain names) without a certificate that covers them; its default "
        "certificate covers *.cloudfront.net alone.")
    source_url = (
        "https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/CNAMEs.html#alternate-domain-names-requirements")
    mend = "Set ViewerCertificate with AcmCertificateArn, or remove the alias."
    types = (DISTRIBUTION,)

    def broken(self, stack: Stack) -> Iterator[Broken]:
        """Yield distributions with aliases and CloudFront's own certificate."""
        for distribution in stack.of_type(DISTRIBUTION):
            aliases = [alias for alias in as_list(distribution.at("DistributionConfig", "Aliases")) if _is_there(alias)]
            certificate = distribution.at("DistributionConfig", "ViewerCertificate")
            default = isinstance(certificate, dict) and is_true(certificate.get("CloudFrontDefaultCertificate"))
            if aliases and (not certificate or default):
                yield Broken(distribution, "no certificate", "DistributionConfig", f"it has the alias {aliases[0]}")


def _is_there(alias: object) -> bool:
    """Whether there is an alias, even where not all of its text is known: a parameter may be empty."""
    return isinstance(alias, Text) or (alias != "" and is_known(alias))
