"""Check alerts and rollbacks through the services' own APIs."""

from collections.abc import Iterator

from tap.rehearsal import ask
from tap.rehearsal import safeguard_checks as told
from tap.rehearsal.checks import Check, named
from tap.rehearsal.deployed import Stack
from tap.rehearsal.emulator import Clients


def alerts(aws: Clients, stack: Stack) -> Iterator[Check]:
    """Check who may publish to the topic and send to the queues, the event rules, and the budget's notifications."""
    yield told.admitted("Who publishes alerts", "budgets, cloudwatch, events", ask.topic(aws, stack)["Policy"])
    fallback = ask.queue(aws, stack.id("AlertsFallbackQueue"))
    yield told.admitted("Who fills the fallback", "events, sns", fallback["Policy"])
    yield told.admitted("Who sends failed events", "none", ask.queue(aws, stack.id("ValidationFailures"))["Policy"])
    events = aws("events")
    aims = [(stack.id("AlertsTopic"), fallback["QueueArn"])]
    rules = [name for name in stack.ids if name.endswith(("ActionRule", "EventRule", "FailedRule"))]
    yield Check("Rules that tell the topic", named(rules), named(
        name for name in rules if [
            (target["Arn"], target.get("DeadLetterConfig", {}).get("Arn"))
            for target in events.list_targets_by_rule(Rule=stack.id(name))["Targets"]] == aims))
    yield Check("Budget", f"{stack.parameter('MonthlyBudget')} USD, to the topic at ACTUAL 80, FORECASTED 100"
                if stack.parameter("MonthlyBudget") != "0" else "none", _budget(aws, stack))


def _budget(aws: Clients, stack: Stack) -> str:
    account = {"AccountId": aws("sts").get_caller_identity()["Account"]}
    client, told_of = aws("budgets"), []
    budgets = [budget for budget in ask.every(client, "describe_budgets", "Budgets", **account)
               if budget["BudgetName"] == stack.ids.get("Budget")]
    for budget in budgets:
        of = {**account, "BudgetName": budget["BudgetName"]}
        for notification in client.describe_notifications_for_budget(**of)["Notifications"]:
            subscribers = client.describe_subscribers_for_notification(**of, Notification=notification)["Subscribers"]
            if [subscriber["Address"] for subscriber in subscribers] == [stack.id("AlertsTopic")]:
                told_of.append(f"{notification['NotificationType']} {notification['Threshold']:g}")
    return named(f"{float(budget['BudgetLimit']['Amount']):g} {budget['BudgetLimit']['Unit']}, to the topic at "
                 f"{named(told_of)}" for budget in budgets)


def deployments(aws: Clients, stack: Stack) -> Iterator[Check]:
    """Check how a new version is deployed, and what rolls back a deployment and a stack update."""
    service = ask.service(aws, stack)
    health = sorted(name for name in stack.ids if name.endswith("Guard"))
    names = {stack.id(name): name for name in health}
    # A prepared service uses ROLLING but already has what shifting traffic requires.
    strategy = stack.parameter("DeploymentStrategy").removesuffix("_PREPARED")
    yield told.deployment(strategy, service["deploymentConfiguration"], names)
    is_shifted = stack.parameter("DeploymentStrategy") != "ROLLING"
    configuration = service["loadBalancers"][0].get("advancedConfiguration", {})
    logical = {physical_id: name for name, physical_id in stack.ids.items()}
    yield Check("Traffic is shifted by", "AlternateTargetGroup, ProductionRule, TestRule" if is_shifted else "none",
                named(logical.get(configuration.get(key, ""), "something else") for key in (
                    "alternateTargetGroupArn", "productionListenerRule", "testListenerRule") if configuration))
    listener = stack.ids.get("HttpsListener", stack.id("HttpListener"))
    yield Check("Listener's rules", "X-Test-Traffic: true to the service; /* to the service" if is_shifted else "none",
                told.rules(aws("elbv2").describe_rules(ListenerArn=listener)["Rules"], [
                    stack.ids[name] for name in ("TargetGroup", "AlternateTargetGroup") if name in stack.ids]))
    composite, = aws("cloudwatch").describe_alarms(
        AlarmNames=[stack.id("ServiceHealthAlarm")], AlarmTypes=["CompositeAlarm"])["CompositeAlarms"]
    yield Check("Service health is over", named(health), named(
        names.get(part, part) for part in told.parts(composite["AlarmRule"])))
    yield Check("Output that rolls back", composite["AlarmName"], stack.outputs.get("ServiceHealthAlarm", "none"))


def live_version(aws: Clients, stack: Stack) -> Iterator[Check]:
    """Check which version of the function is live, and where its failed events go."""
    function = {"FunctionName": stack.id("ValidationFunction")}
    version = stack.id("ValidationVersion").split(":")[-1]
    alias = aws("lambda").get_alias(**function, Name="live")
    yield Check("Validation's live version", version, alias["FunctionVersion"])
    config = aws("lambda").get_function_event_invoke_config(**function, Qualifier="live")
    queue = ask.queue(aws, stack.id("ValidationFailures"))["QueueArn"]
    aim = config["DestinationConfig"]["OnFailure"]["Destination"]
    yield Check("Events it fails at go to", "ValidationFailures", "ValidationFailures" if aim == queue else aim)
