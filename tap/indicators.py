"""What tells how visitors and callers are served, each as what an alarm watches: by the minute, or by five."""

from typing import Any

from troposphere import If
from troposphere.cloudwatch import MetricDataQuery

from tap.load_balancer import Balancer
from tap.parts import SLEEPS, only_if
from tap.validation import NAMESPACE, Validation
from tap.watched import part, query, share, total

BALANCER, LAMBDA = "AWS/ApplicationELB", "AWS/Lambda"
# What the function decides, each by the name of its query.
OUTCOMES = {"undecided": "Unavailable", "accepted": "Accepted", "again": "Duplicate", "rejected": "Rejected"}


def failed_requests(balancer: Balancer, least: int, period: int) -> dict[str, Any]:
    """Return the share of requests that tasks fail at, or that the load balancer gets no answer to."""
    return share(
        ("errors", "unanswered"), ("requests", "unanswered"), (
            requests(balancer, period), _errors(balancer, period), *_unanswered(balancer, period)),
        least)


def failed_by_tasks(balancer: Balancer, least: int, period: int) -> dict[str, Any]:
    """Return the share of requests that tasks answer with an error of theirs."""
    return share(("errors",), ("requests",), (requests(balancer, period), _errors(balancer, period)), least)


def unanswered(balancer: Balancer, least: int, period: int) -> dict[str, Any]:
    """Return the share of requests that the load balancer gets no answer to.

    Those that it finds no target for are in no other count of requests.
    https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-cloudwatch-metrics.html
    """
    return share(
        ("unanswered",), ("requests", "unanswered"), (requests(balancer, period), *_unanswered(balancer, period)),
        least)


def undecided(validation: Validation, least: int, period: int) -> dict[str, Any]:
    """Return the share of transactions that the function could not decide about."""
    return share(("undecided",), tuple(OUTCOMES), outcomes(validation, period), least)


def failed_validations(validation: Validation, least: int, period: int) -> dict[str, Any]:
    """Return the share of transactions that the function fails at, or could not decide about."""
    return share(("errors", "undecided"), ("errors", *OUTCOMES), (
        query("errors", LAMBDA, "Errors", validation.dimensions, period=period),
        *outcomes(validation, period)), least)


def outcomes(validation: Validation, period: int) -> tuple[MetricDataQuery, ...]:
    """Return how many transactions were decided in which way; the function sends all of them, or none."""
    return tuple(query(ident, NAMESPACE, name, validation.dimensions, period=period)
                 for ident, name in OUTCOMES.items())


def requests(balancer: Balancer, period: int) -> MetricDataQuery:
    """Return how many requests went to a task."""
    return query("requests", BALANCER, "RequestCount", balancer.dimensions, period=period)


def _errors(balancer: Balancer, period: int) -> MetricDataQuery:
    return query("errors", BALANCER, "HTTPCode_Target_5XX_Count", balancer.dimensions, period=period)


def _unanswered(balancer: Balancer, period: int) -> tuple[If, If, If]:
    # Who asks for a service that sleeps, bots above all, gets 503 for want of a task, and that is nobody's fault.
    # Where a service never sleeps, 503 is an outage.
    refused, bad, late = (
        query(ident, BALANCER, f"HTTPCode_ELB_{code}_Count", balancer.dimensions, period=period)
        for ident, code in (("unanswered", "5XX"), ("bad", "502"), ("late", "504")))
    return If(SLEEPS, part("unanswered", total("bad", "late")), refused), only_if(SLEEPS, bad), only_if(SLEEPS, late)
