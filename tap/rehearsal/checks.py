"""What a service's own API answers about a resource, compared with what it should: no calls in here.

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
    """One line of the table of `tap rehearse` and `tap verify`."""

    name: str
    expected: str
    seen: str
    is_stand_in: bool = False  # recorded by the emulator, which does not have the service
    skipped: str = ""  # why it was not made

    @property
    def ok(self) -> bool:
        """Whether what is there is what should be, or the check was skipped."""
        return bool(self.skipped) or self.expected == self.seen

    @property
    def result(self) -> str:
        """The check's outcome in a word: ok, differs, skipped or stand-in."""
        if self.skipped:
            return "skipped"
        if not self.ok:
            return "differs"
        return "stand-in" if self.is_stand_in else "ok"


def skip(name: str, reason: str) -> Check:
    """Return a check that was not made, and why."""
    return Check(name, "", "", skipped=reason)


def trouble(name: str, error: Exception) -> Check:
    """A check that differs because something went wrong on the way to what it is about."""
    told = isinstance(error, TapError) or type(error) is LookupError
    kind = "" if told else f"{type(error).__name__}: "
    return Check(name, "no error", " ".join(f"{kind}{error}".split()))


def named(names: Iterable[str]) -> str:
    """Names in a sentence, in alphabetical order."""
    return ", ".join(sorted(names)) or "none"


def subnets(vpc: Answer, found: Sequence[Answer], cidr: str) -> Check:
    """The VPC's range, and nine subnets that three Availability Zones share evenly."""
    zones = [subnet["AvailabilityZone"] for subnet in found]
    shares = {zones.count(zone) for zone in zones}
    return Check(
        "VPC and subnets", f"{cidr}, 9 subnets, 3 in each of 3 zones",
        f"{vpc['CidrBlock']}, {len(found)} subnets, "
        f"{'/'.join(str(share) for share in sorted(shares))} in each of {len(set(zones))} zones")


def way_out(tables: Sequence[Answer]) -> str:
    """What a subnet's route table leads out of the VPC through: gateways, or nothing.

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
    """How the subnets of a kind get out of the VPC."""
    return Check(f"{kind} subnets' way out", expected,
                 named({way_out(tables) for tables in tables_of_subnets}))


def allows(permissions: Iterable[Answer], peer: str, port: int) -> bool:
    """Whether rules of a security group let TCP through to or from the security group `peer`, on a port."""
    for rule in permissions:
        ports = rule["IpProtocol"] == "-1" or (
            rule["IpProtocol"] == "tcp" and rule["FromPort"] <= port <= rule["ToPort"])
        peers = [pair.get("GroupId") for pair in rule.get("UserIdGroupPairs", [])]
        anywhere = any(block["CidrIp"] == "0.0.0.0/0" for block in rule.get("IpRanges", []))
        if ports and (peer in peers or anywhere):
            return True
    return False


def path(name: str, source: Answer, target: Answer, port: int) -> Check:
    """Whether one security group reaches another: the source must let it out and the target let it in."""
    out = allows(source["IpPermissionsEgress"], target["GroupId"], port)
    way_in = allows(target["IpPermissions"], source["GroupId"], port)
    return Check(name, f"port {port}: out of one group, into the other",
                 f"port {port}: {'out of' if out else 'not out of'} one group, "
                 f"{'into' if way_in else 'not into'} the other")


def listeners(found: Sequence[Answer], target_group: str, *, https: bool) -> list[Check]:
    """HTTP forwards to the target group; with HTTPS it redirects to a listener that does."""
    seen = {listener["Port"]: _action(listener, target_group) for listener in found}
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


def service(found: Answer, target_group: str, private_subnets: Collection[str]) -> list[Check]:
    """The ECS service runs as many tasks as it wants, behind the target group, in the private subnets."""
    behind = [balancer["targetGroupArn"] for balancer in found["loadBalancers"]]
    network = found["networkConfiguration"]["awsvpcConfiguration"]
    places = "private subnets" if set(network["subnets"]) == set(private_subnets) else "other subnets"
    public = "a public" if network["assignPublicIp"] == "ENABLED" else "no public"
    running = "all tasks running" if found["runningCount"] == found["desiredCount"] else (
        f"{found['runningCount']} of {found['desiredCount']} tasks running")
    return [
        Check("ECS service", "ACTIVE, all tasks running", f"{found['status']}, {running}"),
        Check("ECS service's place", "private subnets, no public address", f"{places}, {public} address"),
        Check("ECS service's target group", "the load balancer's",
              "the load balancer's" if behind == [target_group] else named(behind)),
    ]


def container(definition: Answer, image: str, told: Mapping[str, str]) -> list[Check]:
    """The task's image, and that its environment names what is there."""
    first = definition["containerDefinitions"][0]
    environment = {pair["name"]: pair["value"] for pair in first["environment"]}
    wrong = [name for name, value in told.items() if environment.get(name) != value]
    return [
        Check("Container image", image, first["image"]),
        Check("Container's environment", f"{named(told)} are right",
              f"wrong: {named(wrong)}" if wrong else f"{named(told)} are right"),
    ]


def database(
        cluster: Answer, instances: Sequence[Answer], *, readers: int, instance_class: str) -> list[Check]:
    """The Aurora cluster is available and encrypted, with one writer and its readers, none of them public."""
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


def table(found: Answer, time_to_live: Answer, backups: Answer) -> Check:
    """The sessions table's key, its time-to-live and its point-in-time recovery."""
    types = {each["AttributeName"]: each["AttributeType"] for each in found["AttributeDefinitions"]}
    keys = ", ".join(f"{key['AttributeName']} ({types[key['AttributeName']]})" for key in found["KeySchema"])
    recovery = backups["PointInTimeRecoveryDescription"]["PointInTimeRecoveryStatus"]
    return Check("Sessions table", "sessionId (S), TTL expiresAt ENABLED, recovery ENABLED",
                 f"{keys}, TTL {time_to_live.get('AttributeName', '')} {time_to_live['TimeToLiveStatus']}, "
                 f"recovery {recovery}")


def bucket(
        versioning: Answer, encryption: Answer, public_access: Answer, *,
        name: str = "Assets bucket", algorithm: str = "AES256") -> Check:
    """The bucket keeps versions, encrypts, and blocks public access in all four ways."""
    rules = encryption["ServerSideEncryptionConfiguration"]["Rules"]
    algorithms = {rule["ApplyServerSideEncryptionByDefault"]["SSEAlgorithm"] for rule in rules}
    blocks = public_access["PublicAccessBlockConfiguration"]
    return Check(name, f"versioning Enabled, {algorithm}, 4 of 4 public access blocks",
                 f"versioning {versioning.get('Status', 'off')}, {named(algorithms)}, "
                 f"{sum(blocks.values())} of 4 public access blocks")


def distribution(found: Answer, bucket_name: str, policy: str) -> list[Check]:
    """CloudFront's origin is the bucket, through an access control, and it alone may read the bucket."""
    origins = found["DistributionConfig"]["Origins"]["Items"]
    buckets = [each["DomainName"].split(".")[0] for each in origins if each.get("OriginAccessControlId")]
    readers = [
        statement["Condition"]["StringEquals"]["AWS:SourceArn"]
        for statement in json.loads(policy)["Statement"]
        if statement["Effect"] == "Allow"]
    return [
        Check("CloudFront distribution", "Deployed, origin: the assets bucket",
              f"{found['Status']}, origin: "
              f"{'the assets bucket' if buckets == [bucket_name] else named(buckets)}"),
        Check("Who may read the bucket", "the distribution alone",
              "the distribution alone" if readers == [found["ARN"]] else named(readers)),
    ]


def alarm_dimensions(alarms: Iterable[Answer]) -> list[tuple[str, str]]:
    """The dimensions of alarms as (name, value)."""
    return [(dimension["Name"], dimension["Value"]) for alarm in alarms for dimension in alarm["Dimensions"]]


def dashboard_dimensions(body: str) -> list[tuple[str, str]]:
    """The dimensions of a dashboard's metrics as (name, value), its abbreviations written out.

    In `metrics`, `.` repeats what the line before has in that place and `...` all that it has up to its
    last value: https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/CloudWatch-Dashboard-Body-Structure.html
    """
    found = []
    for widget in json.loads(body)["widgets"]:
        before: list[str] = []
        for line in widget["properties"].get("metrics", []):
            texts = [part for part in line if isinstance(part, str)]
            if texts[:1] == ["..."]:
                texts = before[:len(before) - len(texts) + 1] + texts[1:]
            texts = [before[place] if text == "." else text for place, text in enumerate(texts)]
            found += list(zip(texts[2::2], texts[3::2], strict=True))
            before = texts
    return found


def dimensions(name: str, found: Sequence[tuple[str, str]], existing: Mapping[str, Collection[str]]) -> Check:
    """Every dimension names a resource that is there; `existing` has the values for each dimension name."""
    wrong = {f"{key} {value}" for key, value in found if value not in existing.get(key, ())}
    right = "name what is there" if found else "none"
    return Check(name, "name what is there", f"not there: {named(wrong)}" if wrong else right)


def transaction(name: str, expected: Answer, answer: Answer) -> Check:
    """What the validation function answers, as a status code and a body."""
    def words(result: Answer) -> str:
        if "statusCode" not in result:
            return f"error: {result.get('errorMessage', 'no status code')}"
        body = json.loads(result["body"])
        return f"{result['statusCode']} {body.get('reason') or json.dumps(body)}"

    return Check(name, words(expected), words(answer))


def emptied_first(events: Iterable[tuple[str, str]]) -> Check:
    """In a deletion's events (resource type, status) the custom resource is done before the bucket begins."""
    order = []
    for kind, status in events:
        if kind.startswith(CUSTOM) and kind != "Custom::Migration" and status == "DELETE_COMPLETE":
            order.append("emptied")
        if kind == "AWS::S3::Bucket" and status == "DELETE_IN_PROGRESS":
            order.append("deleted")
    return Check("Bucket on deletion", "emptied, then deleted", ", then ".join(order) or "untouched")
