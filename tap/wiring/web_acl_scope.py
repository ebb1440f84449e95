"""E9308: web ACL with the wrong scope for its resource."""

from collections.abc import Iterator

from tap.wiring.graph import Stack
from tap.wiring.rule import Broken, WiringRule

WEB_ACL = "AWS::WAFv2::WebACL"
ASSOCIATION = "AWS::WAFv2::WebACLAssociation"
DISTRIBUTION = "AWS::CloudFront::Distribution"


class WebAclScope(WiringRule):
    """A web ACL is either for CloudFront or for resources of a region."""

    id = "E9308"
    shortdesc = "Web ACL with the wrong scope for its resource"
    description = (
        "A distribution requires a web ACL with scope CLOUDFRONT; associations (load balancers, APIs, user pools) "
        "require scope REGIONAL.")
    source_url = "https://docs.aws.amazon.com/waf/latest/APIReference/API_AssociateWebACL.html"
    error = "WAFInvalidParameterException"
    fix = "Set the other Scope on the web ACL; create web ACLs for CloudFront in us-east-1."
    types = (WEB_ACL, ASSOCIATION, DISTRIBUTION)

    def broken(self, stack: Stack) -> Iterator[Broken]:
        """Yield distributions and associations with a web ACL for the others."""
        for user in stack.of_type(DISTRIBUTION, ASSOCIATION):
            for_cloudfront = user.type == DISTRIBUTION
            place = ("DistributionConfig", "WebACLId") if for_cloudfront else ("WebACLArn",)
            acl = stack.target(user.at(*place), WEB_ACL)
            if acl and acl.at("Scope") == ("REGIONAL" if for_cloudfront else "CLOUDFRONT"):
                yield Broken(user, acl, place[0], f"the web ACL's scope is {acl.at('Scope')}")
