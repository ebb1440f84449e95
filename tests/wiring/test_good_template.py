"""The template that the other tests break."""


def test_no_rule_finds_anything_in_a_template_where_every_connection_is_right(found):
    assert found() == []


def test_no_rule_finds_anything_with_parameters_that_are_given(found):
    assert found(parameters=({"CertificateArn": "arn:aws:acm:eu-west-1:123456789012:certificate/1"},)) == []
