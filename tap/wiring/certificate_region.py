"""E9309: certificate of a CloudFront distribution outside us-east-1."""

import re
from collections.abc import Iterator

from tap.wiring.graph import Stack
from tap.wiring.rule import Broken, WiringRule

DISTRIBUTION = "AWS::CloudFront::Distribution"
_ARN = re.compile(r"arn:[\w-]+:acm:([a-z]{2}(?:-[a-z]+)+-\d):.*")
REGION = "us-east-1"


class CertificateRegion(WiringRule):
    """CloudFront takes certificates from one region."""

    id = "E9309"
    shortdesc = "Certificate of a CloudFront distribution outside us-east-1"
    description = (
        "CloudFront takes an ACM certificate from US East (N. Virginia) alone, whatever the region of the stack.")
    source_url = (
        "https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/cnames-and-https-requirements.html")
    error = "The specified SSL certificate doesn't exist, isn't in us-east-1 region, isn't valid, …"
    fix = "Request or import the certificate in us-east-1, and name that one."
    types = (DISTRIBUTION,)

    def broken(self, stack: Stack) -> Iterator[Broken]:
        """Yield distributions whose certificate names another region."""
        for distribution in stack.of_type(DISTRIBUTION):
            arn = distribution.at("DistributionConfig", "ViewerCertificate", "AcmCertificateArn")
            match = _ARN.fullmatch(arn if isinstance(arn, str) else "")
            if match and match[1] != REGION:
                yield Broken(distribution, arn, "DistributionConfig", f"the certificate is in {match[1]}")
