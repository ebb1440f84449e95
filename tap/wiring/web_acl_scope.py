"""E9308: web ACL whose scope does not fit what it is for."""

from collections.abc import Iterator

from tap.wiring.graph import Stack
from tap.wiring.rule import Broken, WiringRule

WEB_ACL = "AWS::WAFv2::WebACL"
ASSOCIATION = "AWS::WAFv2::WebACLAssociation"
DISTRIBUTION = "AWS::CloudFront::Distribution"


class WebAclScope(WiringRule):
    """A web ACL is either for CloudFront or for resources of a region."""

    id = "E9308"
    shortdesc = "Web ACL whose scope does not fit what it is for"
    description = (
        "A distribution takes web ACLs of scope CLOUDFRONT alone, and associations (load balancers, APIs, user pools) "
        "take REGIONAL ones alone.")
    source_url = "https://docs.aws.amazon.com/waf/latest/APIReference/API_AssociateWebACL.html"
    error = "WAFInvalidParameterException"
    fix = "Set the other Scope on the web ACL; those for CloudFront are made in us-east-1."
    types = (WEB_ACL, ASSOCIATION, DISTRIBUTION)

    def broken(self, stack: Stack) -> Iterator[Broken]:
        """Yield distributions and associations with a web ACL for the others."""
        for user in stack.of_type(DISTRIBUTION, ASSOCIATION):
            for_cloudfront = user.type == DISTRIBUTION
            place = ("DistributionConfig", "WebACLId") if for_cloudfront else ("WebACLArn",)
            acl = stack.target(user.at(*place), WEB_ACL)
            if acl and acl.at("Scope") == ("REGIONAL" if for_cloudfront else "CLOUDFRONT"):
                yield Broken(user, acl, place[0], f"the web ACL's scope is {acl.at('Scope')}")
