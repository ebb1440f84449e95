"""E9309: certificate of a CloudFront distribution outside us-east-1."""

import re
from collections.abc import Iterator

from tap.wiring.graph import Stack
from tap.wiring.rule import Broken, WiringRule

DISTRIBUTION = "AWS::CloudFront::Distribution"
_ARN = re.compile(r"arn:[\w-]+:acm:([a-z]{2}(?:-[a-z]+)+-\d):.*")
REGION = "us-east-1"


class CertificateRegion(WiringRule):
    """CloudFront uses certificates from one region only."""

    id = "E9309"
    shortdesc = "Certificate of a CloudFront distribution outside us-east-1"
    description = (
        "CloudFront requires an ACM certificate in US East (N. Virginia), regardless of the stack's region.")
    source_url = (
        "https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/cnames-and-https-requirements.html")
    error = "The specified SSL certificate doesn't exist, isn't in us-east-1 region, isn't valid, …"
    fix = "Request or import the certificate in us-east-1 and use its ARN."
    types = (DISTRIBUTION,)

    def broken(self, stack: Stack) -> Iterator[Broken]:
        """Yield distributions whose certificate names another region."""
        for distribution in stack.of_type(DISTRIBUTION):
            arn = distribution.at("DistributionConfig", "ViewerCertificate", "AcmCertificateArn")
            match = _ARN.fullmatch(arn if isinstance(arn, str) else "")
            if match and match[1] != REGION:
                yield Broken(distribution, arn, "DistributionConfig", f"the certificate is in {match[1]}")
