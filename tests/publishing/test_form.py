"""The form's page: every parameter of the template in its place, and nothing that breaks out of its text."""

from html.parser import HTMLParser
from typing import Any

from tap.publishing.form import form_page, groups, limits

NASTY = "</style><script>alert('x')</script>\"'><img src=x onerror=alert(1)>"


class Page(HTMLParser):
    """What tags a page has, and what is in them."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.texts.append(data)

    def ids(self) -> list[str | None]:
        return [attributes["id"] for tag, attributes in self.tags if tag in ("input", "select")]


def one(**declaration: Any) -> dict[str, Any]:
    return {"Description": "D", "Parameters": {"One": {"Type": "String", **declaration}}, "Resources": {}}


def test_every_parameter_has_a_field_in_the_order_of_its_group(template: dict[str, Any]) -> None:
    assert Page(form_page(template)).ids() == [name for _, names in groups(template) for name in names]
    assert sorted(name for _, names in groups(template) for name in names) == sorted(template["Parameters"])


def test_every_field_has_its_label_and_description(template: dict[str, Any]) -> None:
    texts = Page(form_page(template)).texts
    labels = template["Metadata"]["AWS::CloudFormation::Interface"]["ParameterLabels"]
    assert {each["default"] for each in labels.values()} <= set(texts)
    assert {each["Description"] for each in template["Parameters"].values()} <= set(texts)


def test_defaults_are_in_their_fields(template: dict[str, Any]) -> None:
    page = Page(form_page(template))
    fields = {attributes["id"]: attributes.get("value") for tag, attributes in page.tags if tag == "input"}
    assert fields["VpcCidr"] == template["Parameters"]["VpcCidr"]["Default"]
    chosen = [attributes["value"] for tag, attributes in page.tags if tag == "option" and "selected" in attributes]
    assert template["Parameters"]["NatGateways"]["Default"] in chosen


def test_what_rules_refuse_is_on_the_page(template: dict[str, Any]) -> None:
    told = {each["AssertDescription"] for rule in template["Rules"].values() for each in rule["Assertions"]}
    assert told <= set(Page(form_page(template)).texts)


def test_a_parameter_in_no_group_is_under_other_parameters() -> None:
    assert groups(one()) == [("Other parameters", ["One"])]


def test_choices_without_a_default_begin_with_none() -> None:
    page = Page(form_page(one(AllowedValues=["a", "b"])))
    assert [attributes["value"] for tag, attributes in page.tags if tag == "option"] == ["", "a", "b"]


def test_a_secret_is_not_legible() -> None:
    field, = (attributes for tag, attributes in Page(form_page(one(NoEcho=True))).tags if tag == "input")
    assert field["type"] == "password"


def test_what_a_parameter_refuses_is_told() -> None:
    assert list(limits({"Type": "Number", "MinValue": 1, "MaxValue": 9})) == ["1 to 9"]
    assert list(limits({"Type": "String", "MinLength": 2, "AllowedPattern": "a*"})) == [
        "at least 2 characters", "pattern: a*"]
    assert list(limits({"Type": "String", "NoEcho": True})) == ["hidden after entry"]
    assert list(limits({"Type": "AWS::EC2::VPC::Id"})) == ["chosen from existing resources: AWS::EC2::VPC::Id"]


def test_nothing_of_the_template_breaks_out_of_its_text() -> None:
    document = {
        "Description": NASTY, "Resources": {}, "Rules": {"R": {"Assertions": [{"AssertDescription": NASTY}]}},
        "Metadata": {"AWS::CloudFormation::Interface": {
            "ParameterGroups": [{"Label": {"default": NASTY}, "Parameters": ["One"]}],
            "ParameterLabels": {"One": {"default": NASTY}}}},
        "Parameters": {"One": {"Type": "String", "Description": NASTY, "Default": NASTY, "AllowedPattern": NASTY,
                               "ConstraintDescription": NASTY},
                       "Two": {"Type": "String", "AllowedValues": [NASTY]}}}
    page = Page(form_page(document))
    assert {tag for tag, _ in page.tags} & {"script", "img"} == set()
    assert page.ids() == ["One", "Two"]


def test_the_page_runs_and_fetches_nothing(template: dict[str, Any]) -> None:
    page = form_page(template)
    assert "<script" not in page
    assert "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'" in page.replace("&#x27;", "'")
