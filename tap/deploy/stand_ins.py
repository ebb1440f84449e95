"""Fictitious values that replace placeholders in a rehearsal and in checks of the template."""

from collections.abc import Mapping

STAND_INS: Mapping[str, str] = {
    "CertificateArn": "arn:aws:acm:eu-central-1:000000000000:certificate/stand-in",
    "ContainerImage": "000000000000.dkr.ecr.eu-central-1.amazonaws.com/stand-in:0",
    "AlertEmail": "stand-in@example.com",
}
