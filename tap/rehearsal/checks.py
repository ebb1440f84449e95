"""Compare the responses of the services' APIs with the expected state, without making calls.

Each function takes answers as boto3 returns them and gives a Check, or several; a Check holds what is
expected and what is there in words that are the same where the two agree.
"""

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tap.deploy.models import TapError

Answer = Mapping[str, Any]
CUSTOM = ("Custom::", "AWS::CloudFormation::CustomResource")


@dataclass(frozen=True)
class Check:
    """One row of the table of `tap rehearse` and `tap verify`."""

    name: str
    expected: str
    seen: str
    is_stand_in: bool = False  # the emulator records the resource but does not implement its service
    skipped: str = ""  # why the check was skipped

    @property
    def ok(self) -> bool:
        """Whether the actual state is the expected one, or the check was skipped."""
        return bool(self.skipped) or self.expected == self.seen

    @property
    def result(self) -> str:
        """The result in one word: ok, differs, skipped or stand-in."""
        if self.skipped:
            return "skipped"
        if not self.ok:
            return "differs"
        return "stand-in" if self.is_stand_in else "ok"


def skip(name: str, reason: str) -> Check:
    """Return a skipped check with the reason."""
    return Check(name, "", "", skipped=reason)


def trouble(name: str, error: Exception) -> Check:
    """Return a failed check for an error that occurred while making it."""
    is_expected = isinstance(error, TapError) or type(error) is LookupError
    kind = "" if is_expected else f"{type(error).__name__}: "
    return Check(name, "no error", " ".join(f"{kind}{error}".split()))


def named(names: Iterable[str]) -> str:
    """Return names in alphabetical order as a phrase."""
    return ", ".join(sorted(names)) or "none"


def subnets(vpc: Answer, answers: Sequence[Answer], cidr: str) -> Check:
    """Check the VPC's CIDR block and its nine subnets, spread evenly over three Availability Zones."""
    zones = [subnet["AvailabilityZone"] for subnet in answers]
    shares = {zones.count(zone) for zone in zones}
    return Check(
        "VPC and subnets", f"{cidr}, 9 subnets, 3 in each of 3 zones",
        f"{vpc['CidrBlock']}, {len(answers)} subnets, "
        f"{'/'.join(str(share) for share in sorted(shares))} in each of {len(set(zones))} zones")


def way_out(tables: Sequence[Answer]) -> str:
    """Return the gateways that a subnet's route table uses to leave the VPC.

    Gateway endpoints are no way out: they lead to the service that they are for.
    """
    if not tables:
        return "no route table"
    targets = {
        route.get("NatGatewayId") or route.get("GatewayId") or "something else"
        for table in tables for route in table["Routes"]}
    kinds = {"igw": "internet gateway", "nat": "NAT gateway"}
    outward = {target for target in targets if not target.startswith(("local", "vpce-"))}
    return named(kinds.get(target.split("-")[0], target) for target in outward)


def ways_out(kind: str, expected: str, tables_of_subnets: Iterable[Sequence[Answer]]) -> Check:
    """Check how the subnets of a kind leave the VPC."""
    return Check(f"{kind} subnets' way out", expected,
                 named({way_out(tables) for tables in tables_of_subnets}))


def allows(permissions: Iterable[Answer], peer: str, port: int) -> bool:
    """Return whether rules of a security group allow TCP to or from the security group `peer` on a port."""
    for rule in permissions:
        ports = rule["IpProtocol"] == "-1" or (
            rule["IpProtocol"] == "tcp" and rule["FromPort"] <= port <= rule["ToPort"])
        peers = [pair.get("GroupId") for pair in rule.get("UserIdGroupPairs", [])]
        anywhere = any(block["CidrIp"] == "0.0.0.0/0" for block in rule.get("IpRanges", []))
        if ports and (peer in peers or anywhere):
            return True
    return False


def path(name: str, source: Answer, target: Answer, port: int) -> Check:
    """Check that one security group reaches another: source and target must both allow it."""
    out = allows(source["IpPermissionsEgress"], target["GroupId"], port)
    way_in = allows(target["IpPermissions"], source["GroupId"], port)
    return Check(name, f"port {port}: out of one group, into the other",
                 f"port {port}: {'out of' if out else 'not out of'} one group, "
                 f"{'into' if way_in else 'not into'} the other")


def listeners(answers: Sequence[Answer], target_group: str, *, https: bool) -> list[Check]:
    """Check that HTTP forwards to the target group, or, with HTTPS, redirects to a listener that does."""
    seen = {listener["Port"]: _action(listener, target_group) for listener in answers}
    expected = {80: "redirects to HTTPS 443", 443: "HTTPS forwards to the service"} if https else {
        80: "HTTP forwards to the service"}
    return [Check(f"Listener on port {port}", expected.get(port, "none"), seen.get(port, "none"))
            for port in sorted(expected.keys() | seen.keys())]


def _action(listener: Answer, target_group: str) -> str:
    action = listener["DefaultActions"][-1]
    if action["Type"] == "redirect":
        to = action["RedirectConfig"]
        return f"redirects to {to['Protocol']} {to['Port']}"
    if action["Type"] == "forward":
        where = "the service" if action.get("TargetGroupArn") == target_group else "something else"
        return f"{listener['Protocol']} forwards to {where}"
    return f"{listener['Protocol']} {action['Type']}"


def service(answer: Answer, target_group: str, private_subnets: Collection[str]) -> list[Check]:
    """Check that the ECS service runs its desired tasks, behind the target group and in the private subnets."""
    behind = [balancer["targetGroupArn"] for balancer in answer["loadBalancers"]]
    network = answer["networkConfiguration"]["awsvpcConfiguration"]
    places = "private subnets" if set(network["subnets"]) == set(private_subnets) else "other subnets"
    public = "a public" if network["assignPublicIp"] == "ENABLED" else "no public"
    running = "all tasks running" if answer["runningCount"] == answer["desiredCount"] else (
        f"{answer['runningCount']} of {answer['desiredCount']} tasks running")
    return [
        Check("ECS service", "ACTIVE, all tasks running", f"{answer['status']}, {running}"),
        Check("ECS service's place", "private subnets, no public address", f"{places}, {public} address"),
        Check("ECS service's target group", "the load balancer's",
              "the load balancer's" if behind == [target_group] else named(behind)),
    ]


def container(definition: Answer, image: str, variables: Mapping[str, str]) -> list[Check]:
    """Check the task's image and the values of its environment variables."""
    first = definition["containerDefinitions"][0]
    environment = {pair["name"]: pair["value"] for pair in first["environment"]}
    wrong = [name for name, value in variables.items() if environment.get(name) != value]
    return [
        Check("Container image", image, first["image"]),
        Check("Container's environment", f"{named(variables)} are right",
              f"wrong: {named(wrong)}" if wrong else f"{named(variables)} are right"),
    ]


def database(
        cluster: Answer, instances: Sequence[Answer], *, readers: int, instance_class: str) -> list[Check]:
    """Check that the Aurora cluster is available and encrypted, with one writer and no public instance."""
    members = cluster["DBClusterMembers"]
    writers = sum(member["IsClusterWriter"] for member in members)
    encrypted = "encrypted" if cluster["StorageEncrypted"] else "not encrypted"
    public = "public" if any(instance["PubliclyAccessible"] for instance in instances) else "not public"
    return [
        Check("Aurora cluster", "available, encrypted", f"{cluster['Status']}, {encrypted}"),
        Check("Aurora members", f"writers: 1, readers: {readers}, {instance_class}, not public",
              f"writers: {writers}, readers: {len(members) - writers}, "
              f"{named({instance['DBInstanceClass'] for instance in instances})}, {public}"),
    ]


def table(answer: Answer, time_to_live: Answer, backups: Answer) -> Check:
    """Check the sessions table's key, its time to live and its point-in-time recovery."""
    types = {attribute["AttributeName"]: attribute["AttributeType"] for attribute in answer["AttributeDefinitions"]}
    keys = ", ".join(f"{key['AttributeName']} ({types[key['AttributeName']]})" for key in answer["KeySchema"])
    recovery = backups["PointInTimeRecoveryDescription"]["PointInTimeRecoveryStatus"]
    return Check("Sessions table", "sessionId (S), TTL expiresAt ENABLED, recovery ENABLED",
                 f"{keys}, TTL {time_to_live.get('AttributeName', '')} {time_to_live['TimeToLiveStatus']}, "
                 f"recovery {recovery}")


def bucket(
        versioning: Answer, encryption: Answer, public_access: Answer, *,
        name: str = "Assets bucket", algorithm: str = "AES256") -> Check:
    """Check that the bucket is versioned and encrypted, and that all four public access blocks are on."""
    rules = encryption["ServerSideEncryptionConfiguration"]["Rules"]
    algorithms = {rule["ApplyServerSideEncryptionByDefault"]["SSEAlgorithm"] for rule in rules}
    blocks = public_access["PublicAccessBlockConfiguration"]
    return Check(name, f"versioning Enabled, {algorithm}, 4 of 4 public access blocks",
                 f"versioning {versioning.get('Status', 'off')}, {named(algorithms)}, "
                 f"{sum(blocks.values())} of 4 public access blocks")


def distribution(answer: Answer, bucket_name: str, policy: str) -> list[Check]:
    """Check that CloudFront's origin is the bucket, by an origin access control, and that nobody else may read it."""
    origins = answer["DistributionConfig"]["Origins"]["Items"]
    buckets = [origin["DomainName"].split(".")[0] for origin in origins if origin.get("OriginAccessControlId")]
    readers = [
        statement["Condition"]["StringEquals"]["AWS:SourceArn"]
        for statement in json.loads(policy)["Statement"]
        if statement["Effect"] == "Allow"]
    return [
        Check("CloudFront distribution", "Deployed, origin: the assets bucket",
              f"{answer['Status']}, origin: "
              f"{'the assets bucket' if buckets == [bucket_name] else named(buckets)}"),
        Check("Who may read the bucket", "the distribution alone",
              "the distribution alone" if readers == [answer["ARN"]] else named(readers)),
    ]


def alarm_dimensions(alarms: Iterable[Answer]) -> list[tuple[str, str]]:
    """Return the dimensions of alarms as (name, value)."""
    return [(dimension["Name"], dimension["Value"]) for alarm in alarms for dimension in alarm["Dimensions"]]


def dashboard_dimensions(body: str) -> list[tuple[str, str]]:
    """Return the dimensions of a dashboard's metrics as (name, value), with abbreviations expanded.

    In `metrics`, `.` repeats what the line before has in that place and `...` all that it has up to its
    last value: https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/CloudWatch-Dashboard-Body-Structure.html
    """
    pairs = []
    for widget in json.loads(body)["widgets"]:
        before: list[str] = []
        for line in widget["properties"].get("metrics", []):
            texts = [part for part in line if isinstance(part, str)]
            if texts[:1] == ["..."]:
                texts = before[:len(before) - len(texts) + 1] + texts[1:]
            texts = [before[index] if text == "." else text for index, text in enumerate(texts)]
            pairs += list(zip(texts[2::2], texts[3::2], strict=True))
            before = texts
    return pairs


def dimensions(name: str, pairs: Sequence[tuple[str, str]], existing: Mapping[str, Collection[str]]) -> Check:
    """Check that every dimension names an existing resource; `existing` maps dimension names to their values."""
    wrong = {f"{key} {value}" for key, value in pairs if value not in existing.get(key, ())}
    right = "name what is there" if pairs else "none"
    return Check(name, "name what is there", f"not there: {named(wrong)}" if wrong else right)


def transaction(name: str, expected: Answer, answer: Answer) -> Check:
    """Check the validation function's response: its status code and body."""
    def words(result: Answer) -> str:
        if "statusCode" not in result:
            return f"error: {result.get('errorMessage', 'no status code')}"
        body = json.loads(result["body"])
        return f"{result['statusCode']} {body.get('reason') or json.dumps(body)}"

    return Check(name, words(expected), words(answer))


def emptied_first(events: Iterable[tuple[str, str]]) -> Check:
    """Check from a deletion's events (resource type, status) that the custom resource goes before the bucket."""
    order = []
    for kind, status in events:
        if kind.startswith(CUSTOM) and kind != "Custom::Migration" and status == "DELETE_COMPLETE":
            order.append("emptied")
        if kind == "AWS::S3::Bucket" and status == "DELETE_IN_PROGRESS":
            order.append("deleted")
    return Check("Bucket on deletion", "emptied, then deleted", ", then ".join(order) or "untouched")
