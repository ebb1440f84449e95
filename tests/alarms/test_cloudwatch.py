"""The judge of alarms, held to the examples of CloudWatch's documentation."""

from collections.abc import Callable, Mapping
from typing import Any

import pytest
from cloudwatch import Assumptions, Expression, Minutes, Point, next_state, rings_at, series, states, statistic

BREACHES: Mapping[str, bool | None] = {"0": False, "X": True, "-": None}
# https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-missing-data.html, its two tables: data
# points, then the state where missing ones are missing, ignored, breaching and not breaching.
NO_DATA = "INSUFFICIENT_DATA"
THREE_OF_THREE = [
    ("0-X-X", "OK", "OK", "OK", "OK"), ("0----", "OK", "OK", "OK", "OK"), ("-----", NO_DATA, "kept", "ALARM", "OK"),
    ("0XX-X", "ALARM", "ALARM", "ALARM", "ALARM"), ("----X", NO_DATA, "kept", "ALARM", "OK"),
    ("X----", "ALARM", "kept", "ALARM", "OK")]
TWO_OF_THREE = [
    ("0-X-X", "ALARM", "ALARM", "ALARM", "ALARM"), ("00X0X", "ALARM", "ALARM", "ALARM", "ALARM"),
    ("0-X--", "OK", "OK", "ALARM", "OK"), ("----0", "OK", "OK", "ALARM", "OK"),
    ("----X", NO_DATA, "kept", "ALARM", "OK")]


@pytest.mark.parametrize(("points", "enough", "missing", "ignore", "breaching", "not_breaching"), [
    *((points, 3, *expected) for points, *expected in THREE_OF_THREE),
    *((points, 2, *expected) for points, *expected in TWO_OF_THREE)])
def test_missing_data_is_treated_as_in_the_documentations_tables(
        points: str, enough: int, missing: str, ignore: str, breaching: str, not_breaching: str) -> None:
    breaches = [BREACHES[point] for point in points]
    for treatment, state in (("missing", missing), ("ignore", ignore), ("breaching", breaching),
                             ("notBreaching", not_breaching)):
        assert next_state("kept", breaches, 3, enough, treatment) == state, treatment


def value(text: str, *, poisons: bool = False, **metrics: list[Point]) -> Any:
    return Expression(text, metrics, poisons).value()


# https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/using-metric-math.html, its examples.
@pytest.mark.parametrize(("text", "expected"), [
    ("metric1 < metric2", [0, 0, 1, 0]), ("metric1 >= 30", [1, 0, 0, 0]),
    ("metric1 > 15 AND metric2 > 15", [1, 0, 0, 0]), ("metric1 > 25 OR metric2 > 15", [1, 0, 1, 0])])
def test_comparisons_take_what_is_missing_for_0_where_the_other_has_a_value(text: str, expected: list[Point]) -> None:
    assert value(text, metric1=[30, 20, 0, 0], metric2=[20, None, 20, None]) == expected


@pytest.mark.parametrize(("text", "expected"), [
    ("IF(metric1, metric2, metric3)", [30, 0, 20, None, None]), ("IF(metric1, 5, metric3)", [5, 5, 20, None, None]),
    ("IF(metric1, metric2, 5)", [30, 0, 5, 5, None])])
def test_if_drops_what_has_no_condition_and_takes_a_missing_true_value_for_0(text: str, expected: list[Point]) -> None:
    assert value(text, metric1=[1, 1, 0, 0, None], metric2=[30, None, 0, 0, 30],
                 metric3=[0, 0, 20, None, 20]) == expected


@pytest.mark.parametrize(("text", "expected"), [
    ("a + b", [3, 1, None]), ("a - b", [-1, 1, None]), ("b * 2", [4, None, None]), ("a / b", [0.5, None, None]),
    ("2 + a * (b - 1)", [3, 2, None]), ("SUM([a, b])", [3, 1, None]), ("SUM(METRICS())", [3, 1, None])])
def test_arithmetic_takes_what_is_missing_for_0_and_drops_what_is_divided_by_it(
        text: str, expected: list[Point]) -> None:
    assert value(text, a=[1, 1, None], b=[2, None, None]) == expected


def test_arithmetic_with_a_metric_without_any_data_may_have_no_result() -> None:
    assert value("a + b", a=[1, 2], b=[None, None], poisons=True) == [None, None]
    assert value("SUM([a, b])", a=[1, 2], b=[None, None], poisons=True) == [1, 2]


def test_fill_fills_and_perhaps_not_what_is_empty() -> None:
    assert value("FILL(a, 0)", a=[1, None]) == [1, 0]
    assert value("FILL(a, 0)", a=[None, None]) == [0, 0]
    assert value("FILL(a, 0)", a=[None, None], poisons=True) == [None, None]


def test_an_expression_calls_others_by_their_names() -> None:
    assert Expression("half + 1", {"a": [4, None]}, False, {"half": "a / two", "two": "1 + 1"}).value() == [3, None]


def test_what_the_judge_does_not_know_it_refuses() -> None:
    for text in ("RATE(a)", "FILL(a, REPEAT)", "a + ", "a b", "a ? 1", "unknown"):
        with pytest.raises((AssertionError, ValueError, IndexError)):
            value(text, a=[1])


@pytest.mark.parametrize(("name", "expected"), [
    ("Sum", 160), ("Average", 1.6), ("Minimum", 1), ("Maximum", 61), ("SampleCount", 100), ("p50", 1), ("p99", 1)])
def test_a_statistic_is_of_the_samples_with_their_weights(name: str, expected: float) -> None:
    assert statistic(name, [(61, 1), (1, 99)]) == expected


def test_one_sample_in_fifty_is_the_ninety_ninth_percentile() -> None:
    assert statistic("p99", [(5, 1), (0.05, 49)]) == 5


def test_a_period_without_samples_is_missing_and_not_0() -> None:
    assert series([[(1, 1)], None, None, None, [(2, 1)], None], 2, "Sum") == [1, None, 2]


def alarm(**properties: Any) -> dict[str, Any]:
    return {"Namespace": "N", "MetricName": "M", "Dimensions": [], "Statistic": "Sum", "Period": 60, "Threshold": 10,
            "EvaluationPeriods": 3, "ComparisonOperator": "GreaterThanOrEqualToThreshold",
            "TreatMissingData": "notBreaching", **properties}


def sent(*values: float | None) -> Callable[[Mapping[str, Any]], Minutes]:
    return lambda _metric: [None if each is None else [(each, 1)] for each in values]


@pytest.mark.parametrize(("values", "properties", "minute"), [
    ((0, 10, 10, 10), {}, 4), ((0, 10, 9, 10), {}, None), ((0, 10, 9, 10), {"DatapointsToAlarm": 2}, 4),
    # Five minutes' sums, begun after the hour: 5, then 10 and 10.
    ((5, 0, 0, 0, 0, *(2, 2, 2, 2, 2) * 3), {"Period": 300, "EvaluationPeriods": 2}, 15),
    # A rare count is judged by its last values, as long as they are in the range.
    ((10, None, 10, None, 10), {}, 5), ((10, None, None, None, 10, None, 10), {}, None),
    ((None,) * 5, {"TreatMissingData": "breaching"}, 1)])
def test_an_alarm_rings_when_enough_periods_breach(
        values: tuple[float | None, ...], properties: dict[str, Any], minute: int | None) -> None:
    assert rings_at(alarm(**properties), sent(*values), Assumptions(), len(values)) == minute


def test_an_alarm_of_dynamodb_keeps_ringing_when_its_metric_ends() -> None:
    # https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html
    for namespace, last in (("AWS/DynamoDB", "ALARM"), ("AWS/SQS", "OK")):
        seen = states(alarm(Namespace=namespace), sent(10, 10, 10, *[None] * 10), Assumptions(), 13)
        assert [state for _, state in seen][-1] == last


def test_late_data_is_missing_at_first() -> None:
    assert rings_at(alarm(), sent(10, 10, 10, 10), Assumptions(delay=1), 4) == 4
    assert rings_at(alarm(), sent(10, 10, 10, 10), Assumptions(), 4) == 3
