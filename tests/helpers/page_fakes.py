"""Plans and deployments to make pages of."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from tap.cost.change import estimates
from tap.deploy import guard
from tap.deploy.diff import compare
from tap.deploy.durations import usual
from tap.deploy.models import Change, ChangeSet, Detail, Environment, StackEvent, Target, Values
from tap.deploy.plan import Plan, parameter_values
from tap.page.plan_page import Content
from tap.page.timeline import Bar, happened, schedule
from tap.template.resolve import Resolved, dependencies, resolve

STACK_ID = "arn:aws:cloudformation:us-east-1:123456789012:stack/tap-test/1"
HOSTILE = '<script>document.title="broken"</script><img src=x onerror=alert(1)>"\'&'


def environment(**parameters: str) -> Environment:
    return Environment("test", Target("tap-test", region="us-east-1"), Values({"Environment": "test", **parameters}))


def content_of(template: Mapping[str, Any], before: Mapping[str, str] | None, after: Mapping[str, str],
               warnings: tuple[str, ...] = (), denied: tuple[str, ...] = ()) -> Content:
    """The page of a change from one set of parameters to another; from nothing, of a new stack."""
    new = resolve(template, {"Environment": "test", **after}, stack_name="tap-test")
    old = None if before is None else resolve(template, {"Environment": "test", **before}, stack_name="tap-test")
    changes = tuple(changes_between(old, new))
    change_set = ChangeSet(f"{STACK_ID}/cs", "tap-1", "CREATE" if old is None else "UPDATE", STACK_ID, changes,
                           empty=not changes)
    env = environment(**after)
    plan = Plan(env, change_set, {each.logical_id: guard.judge(each) for each in changes},
                parameter_values(env, template, change_set), warnings=warnings, denied=denied,
                differences=tuple(compare(old, new)) if old else ())
    now, then = estimates(env, old, new)
    return Content(plan, new, old, now, then)


def changes_between(old: Resolved | None, new: Resolved) -> Iterable[Change]:
    there = old.resources if old else {}
    for name in dict.fromkeys((*there, *new.resources)):
        if name not in there:
            yield Change("Add", name, None, str(new.resources[name]["Type"]), None)
        elif name not in new.resources:
            yield Change("Remove", name, f"{name}-1", str(there[name]["Type"]), None, (), "Delete")
        elif there[name] != new.resources[name]:
            assert old
            names = [key for key, value in new.properties(name).items() if old.properties(name).get(key) != value]
            details = tuple(Detail("Properties", key, None, "Never", "Static", "DirectModification") for key in names)
            yield Change("Modify", name, f"{name}-1", str(there[name]["Type"]), "False", ("Properties",), None, details)


def many(count: int) -> Content:
    """A plan of so many changes, with what HTML and terminals could choke on in it."""
    kinds = ("AWS::SNS::Topic", "AWS::SQS::Queue", "AWS::DynamoDB::Table")
    document = {"Parameters": {"Size": {"Type": "String", "Default": HOSTILE}}, "Resources": {
        f"Thing{place:03}": {"Type": kinds[place % 3], "Properties": {
            "DisplayName": HOSTILE if place % 50 == 0 else f"value {place}",
            **({"After": {"Ref": f"Thing{place - 7:03}"}} if place >= 7 else {})}} for place in range(count)}}
    new = resolve(document, {}, stack_name="tap-test")
    changes = tuple(Change("Remove" if place % 3 == 2 and place % 5 == 0 else "Modify", name, f"{name}-1",
                           str(entry["Type"]), None if place % 3 == 2 and place % 5 == 0 else "False",
                           ("Properties",), None,
                           (Detail("Properties", "DisplayName", "/Properties/DisplayName", "Never", "Static",
                                   "ParameterReference", HOSTILE, f"old {place}",
                                   str(entry["Properties"]["DisplayName"])),))
                    for place, (name, entry) in enumerate(new.resources.items()))
    change_set = ChangeSet(f"{STACK_ID}/cs", "tap-1", "UPDATE", STACK_ID, changes)
    env = Environment("test", Target("tap-test", region="us-east-1"))
    plan = Plan(env, change_set, {each.logical_id: guard.judge(each) for each in changes},
                parameter_values(env, document, change_set), warnings=(HOSTILE,), loosened=(HOSTILE,),
                denied=(HOSTILE,))
    now, then = estimates(env, new, new)
    return Content(plan, new, new, now, then)


def event(logical_id: str, status: str, seconds: float, reason: str | None = None) -> StackEvent:
    stack = logical_id == "tap-test"
    kind = "AWS::CloudFormation::Stack" if stack else "AWS::SNS::Topic"
    return StackEvent(f"{logical_id}-{status}-{seconds}", STACK_ID,
                      datetime(2026, 3, 1, 12, tzinfo=UTC) + timedelta(seconds=seconds), logical_id,
                      STACK_ID if stack else f"{logical_id}-1", kind, status, reason)


def events_of(bars: Iterable[Bar], failing: str | None = None, reason: str = "") -> list[StackEvent]:
    """Events of a creation that takes a tenth longer than expected, up to a resource that fails."""
    found = []
    for bar in bars:
        found.append(event(bar.logical_id, "CREATE_IN_PROGRESS", bar.start * 1.1))
        failed = bar.logical_id == failing
        found.append(event(bar.logical_id, "CREATE_FAILED" if failed else "CREATE_COMPLETE", bar.end * 1.1,
                           reason if failed else None))
    found.sort(key=lambda each: each.timestamp)
    stop = next((place for place, each in enumerate(found) if each.status == "CREATE_FAILED"), len(found))
    return found[:stop + 1]


def failed_deployment(template: Mapping[str, Any]) -> Content:
    content = content_of(template, None, {})
    seconds = {name: each.seconds for name, each in usual(content.plan.change_set, {}).items()}
    bars = schedule(content.plan.change_set, seconds, dependencies(content.after))
    events = events_of(bars, "Service", f"circuit breaker {HOSTILE}")
    return replace(content, went=happened("failed: the stack was rolled back", events,
                                          ["Service: circuit breaker", "ECS: CannotPullContainerError"]))
