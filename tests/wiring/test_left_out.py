"""I9001."""

import pytest

BUCKET = "Resources: {Bucket: {Type: 'AWS::S3::Bucket'}}\n"
SAM = """\
Transform: AWS::Serverless-2016-10-31
Resources:
  Function: {Type: 'AWS::Serverless::Function', Properties: {Environment: {Variables: {BUCKET: !Ref Logs}}}}
  Bucket:
    Type: AWS::S3::Bucket
    Properties:
      LifecycleConfiguration:
        Rules: [{Status: Enabled, Transitions: [{StorageClass: STANDARD_IA, TransitionInDays: 7}]}]
"""
FIX = "Lint the processed template: aws cloudformation get-template --template-stage Processed."


def test_what_a_sam_template_does_not_generate_is_checked_and_the_rest_named(found_in):
    early, left_out = found_in(SAM)
    assert early.startswith("E9404 `Bucket`")
    assert left_out == f"I9001 The wiring rules do not check the resources generated from `Function`. {FIX}"


@pytest.mark.parametrize(("template", "reason"), [
    ("Transform: MyMacro\n" + BUCKET, "the macro MyMacro may change any resource"),
    ("Resources: {A: {Type: 'AWS::S3::Bucket'}, 'Fn::Transform': {Name: M}}",
     "Fn::Transform may change any resource"),
    (BUCKET + "Conditions: {X: {Condition: Y}}", "its conditions cannot be evaluated"),
    (BUCKET + "Mappings: []", "Mappings is not a map"),
    ("Description: empty", "Resources is not a map"),
])
def test_a_template_that_is_not_checked_is_named_with_the_reason(found_in, template, reason):
    assert found_in(template) == [f"I9001 The wiring rules do not check this template: {reason}. {FIX}"]


def test_a_template_without_transforms_is_checked_in_full(found_in):
    assert found_in(BUCKET) == []
