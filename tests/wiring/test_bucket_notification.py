"""E9401."""

import pytest

MEND = "Add an AWS::Lambda::Permission for s3.amazonaws.com, and add it to the bucket's DependsOn."


@pytest.mark.parametrize("change", [
    ("Principal: s3.amazonaws.com", "Principal: sns.amazonaws.com"),
    ("      FunctionName: !Ref Function\n", "      FunctionName: !Ref Other\n"),
])
def test_a_notification_to_a_function_that_s3_may_not_invoke_is_found(found, change):
    other = """
  Other:
    Type: AWS::Lambda::Function
    Properties: {Role: !ImportValue role, Code: {ZipFile: pass}, Runtime: python3.13, Handler: index.handler}
"""
    assert found(change, add=other) == [
        f"E9401 `Uploads` → `Function`: no permission allows S3 to invoke it. {MEND}"]


def test_a_bucket_that_does_not_wait_for_the_permission_is_found(found):
    assert found(("    DependsOn: Permission\n", "")) == [
        f"E9401 `Uploads` → `Permission`: the bucket does not wait for the permission to invoke `Function`. {MEND}"]


@pytest.mark.parametrize("function", ["!ImportValue function", "!Ref Image", "arn:aws:lambda:eu-west-1:1:function:f"])
def test_functions_from_elsewhere_are_not_judged(found, function):
    assert found(("Function: !GetAtt Function.Arn}]", f"Function: {function}}}]"),
                 ("Principal: s3.amazonaws.com", "Principal: sns.amazonaws.com")) == []


def test_a_permission_for_what_is_not_known_may_be_this_one(found):
    assert found(("      FunctionName: !Ref Function\n", "      FunctionName: !ImportValue function\n")) == []
    assert found(("Principal: s3.amazonaws.com", "Principal: !Ref Image")) == []
