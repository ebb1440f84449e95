"""How CloudWatch judges an alarm: statistics of periods, metric math, missing data, data points to alarm.

Sources, each beside the rule that it is of:
- https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarm-evaluation.html (ALARM-EVALUATION)
- https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-missing-data.html (MISSING-DATA)
- https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/using-metric-math.html (METRIC-MATH)
- https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html (PUT-METRIC-ALARM)

What no source says is a field of `Assumptions`, and an alarm is judged under each of its values.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Sample = tuple[float, float]  # a value, and how often it was measured
Samples = Sequence[Sample]
Minutes = Sequence[Samples | None]  # None where nothing was sent
Point = float | None
Series = list[Point]
Metrics = Callable[[Mapping[str, Any]], Minutes]


@dataclass(frozen=True)
class Assumptions:
    """What the documentation leaves open."""

    phase: int = 0
    """Minutes by which periods of five minutes begin after the hour."""
    beyond: int = 2
    """Periods that are looked at beyond the evaluation periods: two in the examples of MISSING-DATA."""
    delay: int = 0
    """Minutes by which all metrics arrive late."""
    poisons: bool = False
    """Whether arithmetic with a metric without any data at all has no result, and FILL does not fill it."""


def statistic(name: str, samples: Samples) -> float:
    """Return a statistic of the samples of a period."""
    values = [value for value, _ in samples]
    count = sum(weight for _, weight in samples)
    total = sum(value * weight for value, weight in samples)
    if match := re.fullmatch(r"p(\d+)", name):
        return _percentile(int(match[1]), samples, count)
    found: dict[str, float] = {
        "Sum": total, "SampleCount": count, "Average": total / count, "Minimum": min(values), "Maximum": max(values)}
    return found[name]


def _percentile(percent: int, samples: Samples, count: float) -> float:
    """The value that so many per cent of the samples are at or below."""
    seen = 0.0
    for value, weight in sorted(samples):
        seen += weight
        if seen >= count * percent / 100:
            return value
    raise AssertionError("no samples")


def series(minutes: Minutes, length: int, name: str) -> Series:
    """Return the statistic of each period of so many minutes; a period in which nothing was sent is missing."""
    points: Series = []
    for start in range(0, len(minutes), length):
        samples = [sample for minute in minutes[start:start + length] if minute for sample in minute]
        points.append(statistic(name, samples) if samples else None)
    return points


# Metric math. A value is a series, or a number.

Value = Series | float


class Expression:
    """An expression of METRIC-MATH: arithmetic, comparisons, AND, OR, and the functions FILL, IF, SUM and METRICS."""

    TOKEN = re.compile(r"\s*(?:(\d+(?:\.\d+)?)|([A-Za-z_]\w*)|(>=|<=|==|!=|[-+*/()\[\],<>]))")

    def __init__(self, text: str, metrics: Mapping[str, Series], poisons: bool,
                 parts: Mapping[str, str] | None = None) -> None:
        self.tokens = self._tokens(text)
        self.metrics, self.poisons, self.parts = metrics, poisons, parts or {}

    def _tokens(self, text: str) -> list[str]:
        found, place = [], 0
        while match := self.TOKEN.match(text, place):
            found.append(match[0].strip())
            place = match.end()
        assert not text[place:].strip(), f"cannot read {text[place:]!r}"
        return found

    def value(self) -> Value:
        """Return what the expression comes to."""
        result = self._either()
        assert not self.tokens, f"left over: {self.tokens}"
        assert not isinstance(result, list) or all(not isinstance(each, list) for each in result)
        return result

    def _take(self, *wanted: str) -> str | None:
        return self.tokens.pop(0) if self.tokens and self.tokens[0] in wanted else None

    def _expect(self, wanted: str) -> None:
        assert self._take(wanted), f"expected {wanted}, found {self.tokens[:1]}"

    def _either(self) -> Value:
        left = self._both()
        while self._take("OR"):
            left = self._pairwise(lambda a, b: float(bool(a) or bool(b)), left, self._both())
        return left

    def _both(self) -> Value:
        left = self._comparison()
        while self._take("AND"):
            left = self._pairwise(lambda a, b: float(bool(a) and bool(b)), left, self._comparison())
        return left

    def _comparison(self) -> Value:
        left = self._sum()
        compare: dict[str, Callable[[float, float], float]] = {
            ">=": lambda a, b: float(a >= b), "<=": lambda a, b: float(a <= b), ">": lambda a, b: float(a > b),
            "<": lambda a, b: float(a < b), "==": lambda a, b: float(a == b), "!=": lambda a, b: float(a != b)}
        if sign := self._take(*compare):
            return self._pairwise(compare[sign], left, self._sum())
        return left

    def _sum(self) -> Value:
        left = self._product()
        while sign := self._take("+", "-"):
            left = self._pairwise(
                (lambda a, b: a + b) if sign == "+" else (lambda a, b: a - b), left, self._product())
        return left

    def _product(self) -> Value:
        left = self._atom()
        while sign := self._take("*", "/"):
            left = self._pairwise(
                (lambda a, b: a * b) if sign == "*" else _divide, left, self._atom())
        return left

    def _atom(self) -> Value:
        if self._take("("):
            inner = self._either()
            self._expect(")")
            return inner
        token = self.tokens.pop(0)
        if token == "IF":
            return self._if()
        if token == "SUM":
            return self._sum_of_array()
        if token == "FILL":
            return self._fill()
        return self.metrics[token] if token in self.metrics else self._part(token)

    def _part(self, token: str) -> Value:
        if token in self.parts:
            return Expression(self.parts[token], self.metrics, self.poisons, self.parts).value()
        return float(token)

    def _fill(self) -> Value:
        """METRIC-MATH: "Fills the missing values of a time series"; whether also of one without any data, is open."""
        self._expect("(")
        filled = self._either()
        self._expect(",")
        filler = float(self.tokens.pop(0))
        self._expect(")")
        assert isinstance(filled, list)
        if self.poisons and all(point is None for point in filled):
            return filled
        return [filler if point is None else point for point in filled]

    def _pairwise(self, operate: Callable[[float, float], Point], left: Value, right: Value) -> Value:
        """METRIC-MATH: "Missing values in a time series are treated as 0", where the other one has a value."""
        if not isinstance(left, list) and not isinstance(right, list):
            result = operate(left, right)
            assert result is not None
            return result
        length = len(left) if isinstance(left, list) else len(right)  # type: ignore[arg-type]
        lefts, rights = (side if isinstance(side, list) else [side] * length for side in (left, right))
        if self.poisons and any(all(point is None for point in side) for side in (lefts, rights)):
            return [None] * length
        of_series = [side for side, value in ((lefts, left), (rights, right)) if isinstance(value, list)]
        return [None if all(side[place] is None for side in of_series)
                else operate(lefts[place] or 0, rights[place] or 0) for place in range(length)]

    def _if(self) -> Value:
        """METRIC-MATH, "Using IF expressions": a condition that is missing drops the point; so does a missing
        value of what is false; a missing value of what is true is 0."""
        self._expect("(")
        condition = self._either()
        self._expect(",")
        yes = self._either()
        self._expect(",")
        no = self._either()
        self._expect(")")
        assert isinstance(condition, list)

        def pick(place: int, point: float) -> Point:
            if point:
                return (yes[place] or 0.0) if isinstance(yes, list) else yes
            return no[place] if isinstance(no, list) else no

        return [None if point is None else pick(place, point) for place, point in enumerate(condition)]

    def _sum_of_array(self) -> Series:
        """METRIC-MATH: "The SUM of an array of time series returns a single time series"; what is missing is 0."""
        self._expect("(")
        if self._take("METRICS"):
            self._expect("(")
            self._expect(")")
            members: list[Value] = list(self.metrics.values())
        else:
            self._expect("[")
            members = [self._either()]
            while self._take(","):
                members.append(self._either())
            self._expect("]")
        self._expect(")")
        lists = [member for member in members if isinstance(member, list)]
        assert len(lists) == len(members)
        return [None if all(point is None for point in points) else sum(point or 0 for point in points)
                for points in zip(*lists, strict=True)]


def _divide(left: float, right: float) -> Point:
    """METRIC-MATH: where a value causes a division by zero, "the data point is dropped"."""
    return None if right == 0 else left / right


# Alarms.

COMPARISONS: dict[str, Callable[[float, float], bool]] = {
    "GreaterThanOrEqualToThreshold": lambda value, threshold: value >= threshold,
    "GreaterThanThreshold": lambda value, threshold: value > threshold,
    "LessThanThreshold": lambda value, threshold: value < threshold,
    "LessThanOrEqualToThreshold": lambda value, threshold: value <= threshold}


def next_state(state: str, breaches: Sequence[bool | None], periods: int, enough: int, missing: str) -> str:
    """Return the state of an alarm, from whether each period of the evaluation range breached, None being missing.

    MISSING-DATA, "How alarm state is evaluated when data is missing".
    """
    real = [breach for breach in breaches if breach is not None]
    if len(real) >= periods:
        real = real[-periods:]
    elif missing == "missing":
        return _of_what_is_there(breaches, enough)
    elif missing == "ignore":
        return "ALARM" if sum(real) >= enough else "OK" if False in real else state
    else:
        assert missing in ("breaching", "notBreaching"), f"{missing} is not supported here"
        real += [missing == "breaching"] * (periods - len(real))
    return "ALARM" if sum(real) >= enough else "OK"


def _of_what_is_there(breaches: Sequence[bool | None], enough: int) -> str:
    """An alarm that does not consider what is missing: without anything good, a new breach is too early to tell."""
    real = [breach for breach in breaches if breach is not None]
    if False in real:
        return "ALARM" if sum(real) >= enough else "OK"
    return "ALARM" if breaches[0] else "INSUFFICIENT_DATA"


def period_of(alarm: Mapping[str, Any]) -> int:
    """Return the period of an alarm's metrics in seconds, of which it has one."""
    stats = [query["MetricStat"] for query in alarm.get("Metrics", []) if "MetricStat" in query]
    periods = {int(stat["Period"]) for stat in stats} or {int(alarm["Period"])}
    (period,) = periods
    return period


def watched(alarm: Mapping[str, Any], metrics: Metrics, assumed: Assumptions, now: int) -> Series:
    """Return the points of the evaluation range, of what has arrived at a minute."""
    length = period_of(alarm) // 60
    first = now - length * (int(alarm["EvaluationPeriods"]) + assumed.beyond)

    def points(of: Mapping[str, Any], name: str) -> Series:
        arrived = metrics(of)[:max(0, now - assumed.delay)]
        return series([arrived[at] if 0 <= at < len(arrived) else None for at in range(first, now)], length, name)

    if "MetricName" in alarm:
        return points(alarm, alarm.get("Statistic") or alarm["ExtendedStatistic"])
    measured = {query["Id"]: points(query["MetricStat"]["Metric"], query["MetricStat"]["Stat"])
                for query in alarm["Metrics"] if "MetricStat" in query}
    parts = {query["Id"]: query["Expression"] for query in alarm["Metrics"] if "Expression" in query}
    (result,) = [query["Id"] for query in alarm["Metrics"] if query.get("ReturnData", True)]
    found = Expression(parts[result], measured, assumed.poisons, parts).value()
    assert isinstance(found, list)
    return found


def states(alarm: Mapping[str, Any], metrics: Metrics, assumed: Assumptions, minutes: int) -> Iterator[tuple[int, str]]:
    """Yield the state of an alarm at the end of each period, by the minute."""
    length = period_of(alarm) // 60
    breaches = COMPARISONS[alarm["ComparisonOperator"]]
    threshold, periods = float(alarm["Threshold"]), int(alarm["EvaluationPeriods"])
    of_dynamodb = any(each.get("Namespace") == "AWS/DynamoDB" for each in (
        alarm, *(query["MetricStat"]["Metric"] for query in alarm.get("Metrics", []) if "MetricStat" in query)))
    # PUT-METRIC-ALARM: "Alarms that evaluate metrics in the AWS/DynamoDB namespace always ignore missing data".
    missing = "ignore" if of_dynamodb else alarm["TreatMissingData"]
    state = "INSUFFICIENT_DATA" if missing == "missing" else "OK"
    for now in range(assumed.phase % length + length, minutes + 1, length):
        found = watched(alarm, metrics, assumed, now)
        state = next_state(
            state, [None if point is None else breaches(point, threshold) for point in found], periods,
            int(alarm.get("DatapointsToAlarm", periods)), missing)
        yield now, state


def rings_at(alarm: Mapping[str, Any], metrics: Metrics, assumed: Assumptions, minutes: int) -> int | None:
    """Return the minute at which an alarm first rings, if it does, or tells that its data has ended."""
    before = "INSUFFICIENT_DATA"
    for now, state in states(alarm, metrics, assumed, minutes):
        # ALARM-EVALUATION: actions are of changes of state.
        if state == "ALARM" or (state == "INSUFFICIENT_DATA" != before and "InsufficientDataActions" in alarm):
            return now
        before = state
    return None
