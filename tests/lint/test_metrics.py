"""The lint finds metrics that do not exist, in the environments that have them."""

from typing import Any

from tap.lint.metrics import metrics

TEMPLATE: dict[str, Any] = {
    "Parameters": {"Kind": {"Type": "String"}},
    "Conditions": {"IsProd": {"Fn::Equals": [{"Ref": "Kind"}, "prod"]}},
    "Resources": {
        "Table": {"Type": "AWS::DynamoDB::Table"},
        "High": {"Type": "AWS::CloudWatch::Alarm", "Condition": "IsProd", "Properties": {
            "Namespace": "AWS/DynamoDB", "MetricName": "NoSuchMetric", "Statistic": "Sum",
            "Dimensions": [{"Name": "TableName", "Value": {"Ref": "Table"}}]}}}}


def test_a_metric_that_does_not_exist_is_an_error_of_the_environments_that_have_it() -> None:
    found, = metrics(TEMPLATE, {"dev": {"Kind": "dev"}, "prod": {"Kind": "prod"}, "other": {"Kind": "prod"}})
    assert (found.fails, found.place, found.environments) == (True, "High", ("prod", "other"))
    assert "NoSuchMetric" in found.message


def test_an_environment_without_a_value_is_left_to_the_other_tools() -> None:
    assert metrics(TEMPLATE, {"dev": {}}) == []
