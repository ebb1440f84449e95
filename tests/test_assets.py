"""The assets tier: a private bucket, CloudFront over it, and what empties it when its stack is deleted."""

from collections.abc import Callable
from typing import Any

import pytest
from looping import some
from stack_view import StackView, statements_of, untagged

from tap.template.resolve import Reference, Text

Deployed = Callable[..., StackView]
BUCKET = "AssetsBucket"
DISTRIBUTION = "AWS::CloudFront::Distribution"


def distribution_of(stack: StackView) -> dict[str, Any]:
    return dict(stack.only(DISTRIBUTION)["DistributionConfig"])


def emptier_of(stack: StackView) -> tuple[str, dict[str, Any]]:
    """Logical id and properties of the custom resource that empties the bucket."""
    ((title, properties),) = [
        (title, stack.properties(title)) for title in stack.resolved.resources
        if "ServiceToken" in stack.properties(title)]
    return title, properties


def bucket_statements(stack: StackView) -> list[dict[str, Any]]:
    policy = stack.properties("AssetsBucketPolicy")
    assert policy["Bucket"] == Reference(BUCKET)
    return statements_of(policy["PolicyDocument"])


def test_the_bucket_is_versioned_encrypted_private_and_forgets_old_versions_after_30_days(
        stack: StackView) -> None:
    bucket = untagged(stack.properties(BUCKET))
    (rule,) = bucket.pop("LifecycleConfiguration")["Rules"]
    assert rule["Status"] == "Enabled"
    assert rule["NoncurrentVersionExpiration"] == {"NoncurrentDays": 30}
    assert not {"Prefix", "TagFilters", "ExpirationInDays"} & set(rule)
    bucket.pop("LoggingConfiguration", None)  # see the access logs
    assert bucket == {
        "BucketEncryption": {"ServerSideEncryptionConfiguration": [
            {"BucketKeyEnabled": True, "ServerSideEncryptionByDefault": (
                {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": Reference("DataKey", "Arn")}
                if stack.parameter("CustomerKeys") == "true" else {"SSEAlgorithm": "AES256"})}]},
        "PublicAccessBlockConfiguration": {
            "BlockPublicAcls": True, "BlockPublicPolicy": True, "IgnorePublicAcls": True,
            "RestrictPublicBuckets": True},
        "VersioningConfiguration": {"Status": "Enabled"},
    }


def test_parts_of_broken_off_uploads_are_given_up(stack: StackView) -> None:
    (rule,) = stack.properties(BUCKET)["LifecycleConfiguration"]["Rules"]
    assert rule["AbortIncompleteMultipartUpload"] == {"DaysAfterInitiation": 7}


def test_a_replaced_bucket_is_kept(stack: StackView) -> None:
    assert stack.attributes(BUCKET)["UpdateReplacePolicy"] == "Retain"


def test_cloudfront_redirects_to_https_compresses_and_takes_reading_methods_alone(stack: StackView) -> None:
    behavior = distribution_of(stack)["DefaultCacheBehavior"]
    assert behavior["ViewerProtocolPolicy"] == "redirect-to-https"
    assert behavior["Compress"] is True
    assert sorted(behavior["AllowedMethods"]) == ["GET", "HEAD", "OPTIONS"]
    assert sorted(behavior["CachedMethods"]) == ["GET", "HEAD", "OPTIONS"]
    # AWS's managed policy CachingOptimized, which also asks for gzip and Brotli, as Compress needs.
    assert behavior["CachePolicyId"] == "658327ea-f89d-4fab-a63d-7e88639e58f6"


def test_cloudfront_speaks_http_2_and_3_from_the_cheapest_price_class(stack: StackView) -> None:
    distribution = distribution_of(stack)
    assert distribution["Enabled"] is True
    assert distribution["HttpVersion"] == "http2and3"
    assert distribution["PriceClass"] == "PriceClass_100"


def test_browsers_are_told_to_be_careful_and_the_root_is_a_page(stack: StackView) -> None:
    distribution = distribution_of(stack)
    # AWS's managed policy SecurityHeadersPolicy: HSTS, no sniffing, no framing.
    policy = distribution["DefaultCacheBehavior"]["ResponseHeadersPolicyId"]
    assert policy == "67f7725c-6f97-4210-82d7-5512b31e9d03"
    assert distribution["DefaultRootObject"] == "index.html"


def test_cloudfront_takes_the_assets_from_the_bucket_and_signs_what_it_asks(stack: StackView) -> None:
    distribution = distribution_of(stack)
    (origin,) = distribution["Origins"]
    assert origin["Id"] == distribution["DefaultCacheBehavior"]["TargetOriginId"]
    assert origin["DomainName"] == Reference(BUCKET, "RegionalDomainName")
    assert origin["OriginAccessControlId"] == Reference(
        stack.title("AWS::CloudFront::OriginAccessControl"), "Id")
    assert origin["S3OriginConfig"] == {"OriginAccessIdentity": ""}
    access = dict(stack.only("AWS::CloudFront::OriginAccessControl")["OriginAccessControlConfig"])
    assert access.pop("Name")
    assert access == {
        "OriginAccessControlOriginType": "s3", "SigningBehavior": "always", "SigningProtocol": "sigv4"}


def test_the_access_controls_name_is_unique_in_the_account_and_in_all_its_regions(stack: StackView) -> None:
    # At most 64 characters, as a bucket's name always is; a stack's may have 128, and a twin in another region.
    name = stack.only("AWS::CloudFront::OriginAccessControl")["OriginAccessControlConfig"]["Name"]
    assert name == Reference(BUCKET)


def test_the_bucket_policy_lets_this_distribution_alone_read(stack: StackView) -> None:
    objects = Text((Reference(BUCKET, "Arn"), "/*"))
    distribution = Reference(stack.title(DISTRIBUTION))
    assert [s for s in bucket_statements(stack) if s["Effect"] == "Allow"] == [{
        "Effect": "Allow", "Principal": {"Service": "cloudfront.amazonaws.com"},
        "Action": ["s3:GetObject"], "Resource": [objects],
        "Condition": {"StringEquals": {"AWS:SourceArn": Text((
            "arn:aws:cloudfront::123456789012:distribution/", distribution))}}}]


def test_the_bucket_policy_refuses_whatever_does_not_come_over_tls(stack: StackView) -> None:
    bucket = Reference(BUCKET, "Arn")
    assert [s for s in bucket_statements(stack) if s["Effect"] == "Deny"] == [{
        "Effect": "Deny", "Principal": "*", "Action": ["s3:*"], "Resource": [bucket, Text((bucket, "/*"))],
        "Condition": {"Bool": {"aws:SecureTransport": False}}}]


@pytest.mark.parametrize(("switch", "there"), [("true", True), ("false", False)])
def test_the_bucket_is_emptied_only_where_the_parameter_says_so(
        deployed: Deployed, switch: str, there: bool) -> None:
    stack = deployed(EmptyAssetsBucketOnDelete=switch)
    tokens = [title for title in stack.resolved.resources if "ServiceToken" in stack.properties(title)]
    assert bool(tokens) is there


def test_without_the_emptying_there_is_no_function_role_or_log_group_for_it(deployed: Deployed) -> None:
    without, with_it = (deployed(EmptyAssetsBucketOnDelete=switch) for switch in ("false", "true"))
    more = set(with_it.resolved.resources) - set(without.resolved.resources)
    assert sorted(with_it.type_of(title) for title in more) == [
        "AWS::CloudFormation::CustomResource", "AWS::IAM::ManagedPolicy", "AWS::IAM::Role", "AWS::Lambda::Function",
        "AWS::Logs::LogGroup"]


def test_the_bucket_is_emptied_before_it_is_deleted_while_the_function_may_still_do_it(
        dev: StackView) -> None:
    title, properties = emptier_of(dev)
    function = properties["ServiceToken"]
    assert function.attribute == "Arn"
    assert properties["BucketName"] == Reference(BUCKET)
    # What is made after something is deleted before it.
    role = dev.properties(function.logical_id)["Role"].logical_id
    policies = {p.logical_id for p in dev.properties(role).get("ManagedPolicyArns", [])}
    assert policies
    assert {BUCKET, function.logical_id, role, *policies} <= dev.waits_for(title)


def test_the_emptying_function_may_delete_all_versions_of_that_bucket_and_touch_no_other(
        dev: StackView) -> None:
    function = emptier_of(dev)[1]["ServiceToken"].logical_id
    granted = dev.grants(dev.properties(function)["Role"].logical_id)
    bucket = f"${{{BUCKET}.Arn}}"
    assert granted["s3:ListBucketVersions"] == {bucket}
    assert granted["s3:DeleteObject"] == {f"{bucket}/*"}
    assert granted["s3:DeleteObjectVersion"] == {f"{bucket}/*"}
    touched = {resource for action, found in granted.items() if action.startswith("s3:") for resource in found}
    assert touched == {bucket, f"{bucket}/*"}


def test_the_emptying_function_may_ask_in_which_state_its_stack_is_and_what_is_in_it(dev: StackView) -> None:
    function = emptier_of(dev)[1]["ServiceToken"].logical_id
    granted = dev.grants(dev.properties(function)["Role"].logical_id)
    # Its source calls DescribeStacks, to empty nothing when an update merely drops the resource.
    source = dev.properties(function)["Code"]["ZipFile"]
    assert "describe_stacks" in source
    assert "list_stack_resources" in source
    assert granted["cloudformation:ListStackResources"] == granted["cloudformation:DescribeStacks"]
    (resource,) = granted["cloudformation:DescribeStacks"]
    assert resource == "arn:aws:cloudformation:us-east-1:123456789012:stack/tap-dev/00000000" or (
        resource.startswith("arn:aws:cloudformation:us-east-1:123456789012:stack/tap-dev/"))


def test_emptying_has_as_long_as_a_function_may_run(dev: StackView) -> None:
    function = dev.properties(emptier_of(dev)[1]["ServiceToken"].logical_id)
    assert function["Timeout"] == 900
    assert function["Handler"] == "index.handler"
    assert function["Runtime"].startswith("python3.")


def test_no_stack_needs_an_asset_from_a_bucket(stack: StackView) -> None:
    for function in some(stack.all("AWS::Lambda::Function").values()):
        assert set(function["Code"]) == {"ZipFile"}
    for title in some(stack.resolved.resources):
        assert "cdk" not in str(stack.properties(title)).lower()


def test_the_distributions_url_is_an_output_that_each_environment_exports_under_its_own_name(
        stack: StackView) -> None:
    output = dict(stack.outputs()["CloudFrontURL"])
    assert output.pop("Description")
    assert str(output["Value"]) == f"https://${{{stack.title(DISTRIBUTION)}.DomainName}}"
    assert output["Export"] == {"Name": f"cloudfront-url-{stack.parameter('Environment')}"}


WEB_ACL = "arn:aws:wafv2:us-east-1:123456789012:global/webacl/cdn/00000000-0000-0000-0000-000000000000"


@pytest.mark.parametrize(("arn", "there"), [("", None), (WEB_ACL, WEB_ACL)])
def test_cloudfront_has_the_web_acl_that_the_parameter_names(deployed: Deployed, arn: str, there: str | None) -> None:
    assert distribution_of(deployed(CdnWebAclArn=arn)).get("WebACLId") == there


@pytest.mark.parametrize(("arn", "accepted"), [
    (WEB_ACL, True), ("", True), (WEB_ACL.replace("global", "regional"), False),
    (WEB_ACL.replace("us-east-1", "eu-central-1"), False)])
def test_cloudfront_takes_a_global_web_acl_alone(accepts: Callable[..., bool], arn: str, accepted: bool) -> None:
    assert accepts("CdnWebAclArn", arn) is accepted
