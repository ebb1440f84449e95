"""Service level indicators, as properties of alarms with a period of one or five minutes."""

from typing import Any

from troposphere import If
from troposphere.cloudwatch import MetricDataQuery

from tap.load_balancer import Balancer
from tap.parts import SLEEPS, only_if
from tap.validation import NAMESPACE, Validation
from tap.watched import part, query, share, total

BALANCER, LAMBDA = "AWS/ApplicationELB", "AWS/Lambda"
# The function's outcome metrics, by the identifiers of their queries.
OUTCOMES = {"undecided": "Unavailable", "accepted": "Accepted", "again": "Duplicate", "rejected": "Rejected"}


def failed_requests(balancer: Balancer, least: int, period: int) -> dict[str, Any]:
    """Return the share of requests with an error from a task or no response from one."""
    return share(
        ("errors", "unanswered"), ("requests", "unanswered"), (
            requests(balancer, period), _errors(balancer, period), *_unanswered(balancer, period)),
        least)


def failed_by_tasks(balancer: Balancer, least: int, period: int) -> dict[str, Any]:
    """Return the share of requests that tasks answer with 5XX."""
    return share(("errors",), ("requests",), (requests(balancer, period), _errors(balancer, period)), least)


def unanswered(balancer: Balancer, least: int, period: int) -> dict[str, Any]:
    """Return the share of requests that the load balancer gets no response to.

    RequestCount does not include requests for which the load balancer found no target.
    https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-cloudwatch-metrics.html
    """
    return share(
        ("unanswered",), ("requests", "unanswered"), (requests(balancer, period), *_unanswered(balancer, period)),
        least)


def undecided(validation: Validation, least: int, period: int) -> dict[str, Any]:
    """Return the share of transactions that the function could not decide."""
    return share(("undecided",), tuple(OUTCOMES), outcomes(validation, period), least)


def failed_validations(validation: Validation, least: int, period: int) -> dict[str, Any]:
    """Return the share of transactions with an error of the function or without a decision."""
    return share(("errors", "undecided"), ("errors", *OUTCOMES), (
        query("errors", LAMBDA, "Errors", validation.dimensions, period=period),
        *outcomes(validation, period)), least)


def outcomes(validation: Validation, period: int) -> tuple[MetricDataQuery, ...]:
    """Return the number of transactions by outcome; the function always publishes all four metrics together."""
    return tuple(query(ident, NAMESPACE, name, validation.dimensions, period=period)
                 for ident, name in OUTCOMES.items())


def requests(balancer: Balancer, period: int) -> MetricDataQuery:
    """Return the number of requests that reached a task."""
    return query("requests", BALANCER, "RequestCount", balancer.dimensions, period=period)


def _errors(balancer: Balancer, period: int) -> MetricDataQuery:
    return query("errors", BALANCER, "HTTPCode_Target_5XX_Count", balancer.dimensions, period=period)


def _unanswered(balancer: Balancer, period: int) -> tuple[If, If, If]:
    # While a service sleeps, requests, mostly from bots, get 503 because there is no task, which is expected. For a
    # service that never sleeps, 503 is an outage.
    refused, bad, late = (
        query(ident, BALANCER, f"HTTPCode_ELB_{code}_Count", balancer.dimensions, period=period)
        for ident, code in (("unanswered", "5XX"), ("bad", "502"), ("late", "504")))
    return If(SLEEPS, part("unanswered", total("bad", "late")), refused), only_if(SLEEPS, bad), only_if(SLEEPS, late)
