"""E9309."""

import pytest

ARN = "arn:aws:acm:eu-west-1:123456789012:certificate/00000000-0000-0000-0000-000000000000"


def test_a_certificate_of_another_region_is_found(found_in_example):
    [message] = found_in_example("E9309")
    assert message.startswith(f"E9309 `Distribution` → {ARN}: the certificate is in eu-west-1.")


@pytest.mark.parametrize("arn", [
    ARN.replace("eu-west-1", "us-east-1"), "!ImportValue certificate",
    "!Sub 'arn:aws:acm:${AWS::Region}:${AWS::AccountId}:certificate/1'", "'{{resolve:ssm:/certificate}}'"])
def test_certificates_of_the_right_region_or_one_that_is_not_known_are_not_found(found_in_example, arn):
    assert found_in_example("E9309", (ARN, arn)) == []
