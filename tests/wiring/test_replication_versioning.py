"""E9413."""

import pytest

VERSIONING = "      VersioningConfiguration: {Status: Enabled}\n"
COPY = "  Copy:\n    Type: AWS::S3::Bucket\n"


def test_a_destination_without_versioning_is_found(found_in_example):
    [message] = found_in_example("E9413")
    assert message.startswith("E9413 `Source` → `Copy`: versioning is not enabled on it.")


def test_a_source_without_versioning_is_found_and_suspended_is_not_enabled(found_in_example):
    copy = COPY, f"{COPY}    Properties: {{VersioningConfiguration: {{Status: !ImportValue status}}}}\n"
    for versioning in ("", VERSIONING.replace("Enabled", "Suspended")):
        [message] = found_in_example("E9413", (VERSIONING, versioning), copy)
        assert message.startswith("E9413 `Source` → `Source`")


def test_a_destination_by_its_name_is_the_same_bucket(found_in_example):
    [message] = found_in_example("E9413", ("!GetAtt Copy.Arn", "'arn:aws:s3:::copy'"),
                                 (COPY, f"{COPY}    Properties: {{BucketName: copy}}\n"))
    assert message.startswith("E9413 `Source` → `Copy`")


@pytest.mark.parametrize("change", [
    ("!GetAtt Copy.Arn", "!ImportValue copy"), ("Rules: [{Status: Enabled", "Rules: [{Status: Disabled")])
def test_destinations_from_elsewhere_and_rules_that_are_off_are_not_judged(found_in_example, change):
    assert found_in_example("E9413", change) == []
