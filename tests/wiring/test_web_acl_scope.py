"""E9308."""

MEND = "Set the other Scope on the web ACL; create web ACLs for CloudFront in us-east-1."


def test_a_regional_web_acl_on_a_distribution_is_found(found):
    assert found(("Scope: CLOUDFRONT", "Scope: REGIONAL")) == [
        f"E9308 `Distribution` → `EdgeWebAcl`: the web ACL's scope is REGIONAL. {MEND}"]


def test_a_web_acl_for_cloudfront_on_a_load_balancer_is_found(found):
    assert found(("Scope: REGIONAL", "Scope: CLOUDFRONT")) == [
        f"E9308 `WebAclAssociation` → `WebAcl`: the web ACL's scope is CLOUDFRONT. {MEND}"]


def test_web_acls_from_elsewhere_or_of_a_scope_that_is_not_known_are_not_judged(found):
    assert found(("WebACLId: !GetAtt EdgeWebAcl.Arn", "WebACLId: !ImportValue acl"),
                 ("Scope: CLOUDFRONT", "Scope: REGIONAL")) == []
    assert found(("Scope: CLOUDFRONT", "Scope: !Ref Image"), ("Scope: REGIONAL", "Scope: !Ref Image")) == []
