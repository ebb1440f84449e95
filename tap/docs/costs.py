"""docs/costs.md: every price with its source, and every assumption.

    python -m tap.docs.costs > docs/costs.md
"""

import json
from collections.abc import Iterator

from tap.cost.estimate import FREE_OF_CHARGE, NOT_COUNTED
from tap.cost.prices import Prices, packaged, read_prices
from tap.cost.use import USES

_HEAD = """# What an environment costs

`tap cost ENV` prices every resource of an environment for a month of 730 hours: on-demand list prices of {region},
without taxes, support, discounts, reservations or free tiers, which belong to an account and not to a stack. `Fixed` is
what is paid however little the environment is used. What has no price is named under the sum, not counted as nothing.
Not counted at all: {not_counted}.
Free, and so without a row: {free}.

| command | what it shows |
|---|---|
| `tap cost dev` | rows by tier and resource, the sum; with `--details` what was assumed, too |
| `tap cost dev --vs prod` | two environments side by side |
| `tap cost prod --reference` | beside the reference stack, used as much |
| `tap cost prod --plan FILE` | beside what is deployed, for a plan that `tap plan --save FILE` wrote |
| `tap cost dev --assumptions FILE` | with other figures of use |
| `tap cost dev --refresh --prices FILE` | asks the AWS Price List API first, and writes FILE |

<!-- Written by python -m tap.docs.costs: edit tap/cost/prices.json and tap/cost/uses.json. -->

## Prices

Table of {date}. How far each figure can be relied upon:
"""
_MIDDLE = """
## Use

What an environment costs follows from its parameters, not from its name. Schedules say for how many hours tasks run;
`MinTasks` and `MaxTasks`, the size of tasks and the capacity of the database set limits. Traffic and data are
assumptions, of one of three uses: `production` where `Protected` is true, `development` where `SleepSchedule` is set,
otherwise `default`. `tap cost` says which one it took and why. In `parameters/targets.toml` an environment may name
another one, or set figures over it:

```toml
[staging]
use = {{like = "production", requests_per_month = 3000000}}
```

`tap cost --details` prints the figures. A file given with `--assumptions` takes precedence:
`{{"default": {{}}, "ENV": {{}}}}`. They are guesses, to be replaced by what is measured; those of production are of a
load that the reference's two db.t3.medium (4 GB each, as 2 ACU have) can bear.

## Other regions

The prices are those of {region}; where the environment is in another region, `tap cost` and `tap plan` say so.
`tap cost ENV --refresh --prices FILE` asks the AWS Price List API for those of the environment's region, with the
permission `pricing:GetProducts`, and writes them to FILE, which `tap cost ENV --prices FILE` reads.

"""
_MEANING = {
    "hours_per_month": "hours of a month, as AWS's own calculator has them",
    "active_hours_per_day": "hours a day in which somebody uses it; in the others, a database at 0 ACU pauses",
    "active_days_per_month": "days a month in which somebody uses it",
    "job_hours": "hours a month that the tasks of each job run",
    "average_tasks": "tasks on average; never fewer than MinTasks nor more than MaxTasks",
    "spot_discount_percent": "how much cheaper Spot is; AWS says up to 70: https://aws.amazon.com/fargate/pricing/",
    "requests_per_month": "requests to the load balancer",
    "kb_per_request": "request and response together",
    "new_connections_per_request": "new connections to the load balancer",
    "writer_acu": "ACU on average while a serverless writer runs, within its minimum and maximum",
    "reader_acu": "the same of a reader",
    "database_gb": "stored in the database",
    "database_million_io": "I/O requests of the database, in millions",
    "backup_gb": "backups beyond the free part",
    "session_writes_per_request": "write request units of the table for each request",
    "session_reads_per_request": "read request units of the table for each request",
    "sessions_gb": "stored in the table",
    "assets_gb": "stored in the buckets",
    "cdn_gb": "sent by CloudFront, at the price of the United States and Europe",
    "cdn_requests_per_month": "requests to CloudFront",
    "validations_per_request": "calls of the validation function for each request",
    "validation_ms": "how long such a call takes",
    "nat_gb": "through all NAT gateways",
    "endpoint_gb": "through all interface endpoints",
    "flow_log_gb": "records of VPC flow logs",
    "log_kb_per_request": "written to the application's log groups for each request",
    "web_acl_log_kb_per_request": "logged by the web ACL for each request",
    "access_log_kb_per_request": "compressed, in the bucket of access logs, for each request to ALB and CloudFront",
    "monitoring_kb": "one measurement of a database instance's operating system",
    "container_insights_metrics": "custom metrics while tasks run: ten of cluster, service and task definition each, "
                                  "seven counts, as Container Insights' page of ECS metrics lists them",
    "key_requests_per_month": "requests to all keys",
    "secret_requests_per_month": "requests to each secret",
    "notifications_per_month": "emails and queue messages",
}


def markdown(prices: Prices) -> str:
    """Return the page as Markdown."""
    return "\n".join(_lines(prices)) + "\n"


def _lines(prices: Prices) -> Iterator[str]:
    yield _HEAD.format(region=prices.region, date=prices.date, not_counted=", ".join(NOT_COUNTED),
                       free=", ".join(FREE_OF_CHARGE))
    yield "| word | what it means |\n|---|---|"
    yield from (f"| {word} | {meaning} |" for word, meaning in prices.checked.items())
    yield "\n| price | USD | per | checked | read | source |\n|---|---:|---|---|---|---|"
    for name, price in prices.by_name.items():
        amount = f"{price.usd:.10f}".rstrip("0").rstrip(".")
        yield f"| `{name}` | {amount} | {price.per} | {price.checked} | {price.read} | {price.source} |"
    yield _MIDDLE.format(region=prices.region)
    assumed = json.loads(packaged(USES))
    environments = [name for name in assumed if name != "default"]
    yield f"| assumption | otherwise | {' | '.join(environments)} | what it is |"
    yield f"|---|---:{'|---:' * len(environments)}|---|"
    for name, value in assumed["default"].items():
        others = " | ".join(f"{assumed[each][name]:,.10g}" if name in assumed[each] else "" for each in environments)
        yield f"| `{name}` | {value:,.10g} | {others} | {_MEANING[name]} |"


if __name__ == "__main__":
    print(markdown(read_prices()), end="")
