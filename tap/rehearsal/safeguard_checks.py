"""Compare the security settings that the services' APIs return with the expected ones, without making calls.

Each function takes answers as boto3 returns them and gives a Check; see `checks`.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

from tap.rehearsal.checks import Answer, Check, named

AWS_OWN = "AWS's own keys"
OTHERS = "others than services"
# SecurityHeadersPolicy, a managed policy of CloudFront:
# https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/using-managed-response-headers-policies.html
SECURITY_HEADERS = "67f7725c-6f97-4210-82d7-5512b31e9d03"


def encryption(
        expected: Mapping[str, str], keys: Mapping[str, str], under: Mapping[str, str | None]) -> Iterator[Check]:
    """Yield what each key encrypts, one row per key.

    `expected` gives the logical id of the key for each thing, or AWS_OWN; `keys` the ARN of each key; `under`
    the ARN of the key that each thing is under, None for AWS's own.
    """
    names = {arn: name for name, arn in keys.items()} | {None: AWS_OWN}
    seen = {thing: names.get(arn, f"key {arn}") for thing, arn in under.items()}
    for name in sorted({*expected.values(), *seen.values()}):
        wanted, actual = (named(thing for thing, key in of.items() if key == name) for of in (expected, seen))
        yield Check(f"Under {name}", wanted, actual)


def admitted(name: str, expected: str, policy: str) -> Check:
    """Check which services a resource's policy allows, and that it denies plain HTTP."""
    services: set[str] = set()
    tls = "plain HTTP too"
    for statement in json.loads(policy)["Statement"]:
        if statement["Effect"] == "Allow":
            principal = statement["Principal"]
            allowed = principal.get("Service", OTHERS) if isinstance(principal, dict) else OTHERS
            services |= {principal.removesuffix(".amazonaws.com")
                         for principal in ([allowed] if isinstance(allowed, str) else allowed)}
        elif str(statement.get("Condition", {}).get("Bool", {}).get("aws:SecureTransport")).lower() == "false":
            tls = "TLS only"
    return Check(name, f"{expected}; TLS only", f"{named(services)}; {tls}")


def confined(definition: Answer) -> str:
    """Describe the container's restrictions."""
    container = definition["containerDefinitions"][0]
    user = container.get("user", "root")
    parameters = container.get("linuxParameters", {})
    dropped = named(parameters.get("capabilities", {}).get("drop", []))
    writes = "read-only" if container.get("readonlyRootFilesystem") else "writable"
    places = named(mount["containerPath"] for mount in parameters.get("tmpfs", []))
    privilege = "privileged" if container.get("privileged") else "not privileged"
    return f"user {user}, {privilege}, {writes} but {places}, capabilities dropped: {dropped}"


def secrets(definition: Answer, secret: str) -> str:
    """Return the container's variables that ECS fills from keys of a secret."""
    return named(variable["name"] for variable in definition["containerDefinitions"][0].get("secrets", [])
                 if variable["valueFrom"].startswith(f"{secret}:"))


def serves(config: Answer) -> str:
    """Describe the distribution's viewer settings."""
    behavior = config["DefaultCacheBehavior"]
    headers = behavior.get("ResponseHeadersPolicyId")
    return (f"{config.get('DefaultRootObject') or 'no root object'}, {behavior['ViewerProtocolPolicy']}, "
            f"{'security headers' if headers == SECURITY_HEADERS else headers or 'no headers'}")


def firewall(acl: Answer | None, limit: str) -> str:
    """Describe the load balancer's web ACL; `limit` is the parameter's value."""
    if acl is None:
        return "none"
    groups, rates = [], []
    for rule in acl["Rules"]:
        statement = rule["Statement"]
        if "ManagedRuleGroupStatement" in statement and "None" in rule.get("OverrideAction", {}):
            groups.append(statement["ManagedRuleGroupStatement"]["Name"].removeprefix("AWSManagedRules"))
        elif "RateBasedStatement" in statement and "Block" in rule.get("Action", {}):
            rates.append(str(statement["RateBasedStatement"]["Limit"]))
    rate = "the rate limit" if rates == [limit] else f"rates {named(rates)}"
    return f"blocks {named(groups)}; {rate}"


def flow_logs(logs: Sequence[Answer], log_group: str) -> str:
    """Describe the VPC's flow logs."""
    return named(
        f"{log['FlowLogStatus']}, {log['TrafficType']} to "
        f"{'its log group' if (log.get('LogGroupName') or log.get('LogDestination')) == log_group else 'elsewhere'}"
        for log in logs)


def backups(plan: Answer, selection: Answer, vault: str, things: Mapping[str, str]) -> str:
    """Describe what the backup plan copies, where to and for how long; `things` maps ARNs to names."""
    rules = named(
        f"{'into the vault' if rule['TargetBackupVaultName'] == vault else 'elsewhere'}, "
        f"kept {rule['Lifecycle']['DeleteAfterDays']} days" for rule in plan["Rules"])
    return f"{named(things.get(arn, arn) for arn in selection['Resources'])}: {rules}"


def deployment(strategy: str, configuration: Answer, alarms: Mapping[str, str]) -> Check:
    """Check how ECS replaces tasks, and the alarms and circuit breaker that roll a deployment back.

    `found` is the service's deployment configuration, `alarms` names the alarms by their physical names.
    """
    breaks = configuration.get("deploymentCircuitBreaker", {}).get("rollback", False)
    watched = configuration.get("alarms", {})
    watch = watched.get("alarmNames", []) if watched.get("enable") and watched.get("rollback") else []
    return Check(
        "Deployment", _deployment(strategy, True, alarms.values()),
        _deployment(configuration.get("strategy", "none"), breaks, (alarms.get(name, name) for name in watch)))


def _deployment(strategy: str, breaks: bool, alarms: Iterable[str]) -> str:
    return f"{strategy}, rolled back by {'circuit breaker, ' if breaks else ''}{named(alarms)}"


def rules(answers: Sequence[Answer], target_groups: Sequence[str]) -> str:
    """Describe the listener's rules by priority, without the default action.

    ECS moves the weight from one of the service's target groups to the other with each deployment.
    """
    sentences = []
    own = [answer for answer in answers if not answer["IsDefault"]]
    for rule in sorted(own, key=lambda rule: int(rule["Priority"])):
        condition, action = rule["Conditions"][0], rule["Actions"][-1]
        header = condition.get("HttpHeaderConfig")
        paths = condition.get("PathPatternConfig", {}).get("Values") or condition.get("Values", [])
        what = f"{header['HttpHeaderName']}: {named(header['Values'])}" if header else named(paths)
        sentences.append(f"{what} {'to the service' if _aims(action) <= {*target_groups} else 'elsewhere'}")
    return "; ".join(sentences) or "none"


def _aims(action: Answer) -> set[str]:
    groups = action.get("ForwardConfig", {}).get("TargetGroups", [])
    return {group["TargetGroupArn"] for group in groups if group.get("Weight", 1)} or {action.get("TargetGroupArn", "")}


def parts(rule: str) -> list[str]:
    """Return the alarms in a composite alarm's rule."""
    return re.findall(r"ALARM\(\"?([^)\"]+)\"?\)", rule)
