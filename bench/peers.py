"""`tap` beside other tools that deploy CloudFormation templates, where they are installed: `python -m bench.peers`.

Each tool works on the same stack in the same emulator, with the same template, parameters and tags, in turn. Figures
are CPU seconds of a command and its children, which a busy machine distorts least, wall seconds, in which tools sleep
between polls, and requests; only the ratios are worth keeping. An emulator responds at once: what a tool waits for on
AWS is not in them.
"""

import argparse
import json
import os
import resource
import shutil
import statistics
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bench.deploy import ACCOUNT, BUCKET, REGION, ROOT, WITHOUT, emulator, run
from bench.run import machine
from tap.deploy.template import parsed
from tap.deploy.whole_file import write_whole

RECORD = ROOT / "bench" / "peers.json"
STACK = "tap-dev"
CHANGED = "MinTasks=2"  # what the plans are of
_MEASURES = {"cpu_seconds": "CPU time", "seconds": "wall time"}
QUIET = {"SAM_CLI_TELEMETRY": "0", "CDK_DISABLE_CLI_TELEMETRY": "true"}
SAM = "sam deploy"
TAP = str(Path(sys.executable).with_name("tap"))
Commands = Mapping[str, list[str]]


@dataclass(frozen=True)
class Cost:
    """What a command took: medians."""

    cpu_seconds: float
    seconds: float
    calls: int


@dataclass(frozen=True)
class Goal:
    """How much one command may take of what another takes: of CPU time, or by the clock."""

    text: str
    of: str
    to: str
    at_most: float
    measure: str = "seconds"  # or cpu_seconds


GOALS = (
    Goal("a plan whose template was linted before, to one without lint", "tap plan", "tap plan --no-lint", 1.3,
         "cpu_seconds"),
    Goal("a first plan, lint included, to cdk diff", "tap plan, first", "cdk diff", 1),
    Goal("nothing to do, to Sceptre", "tap deploy", "sceptre launch", 1),
    Goal("nothing to do, to SAM", "tap deploy", SAM, 1),
    Goal("nothing to do, to the AWS CLI", "tap deploy", "aws cloudformation deploy", 1),
)


def find_tool(name: str) -> str | None:
    """Return where a program is: beside this Python, or on the PATH."""
    return shutil.which(name, path=os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")]))


def commands(folder: Path, find: Callable[[str], str | None] = find_tool) -> Commands:
    """Return commands that plan one change or have nothing to do, of the tools that are there; write what they read."""
    sections = json.loads((ROOT / "parameters/dev.json").read_text(encoding="utf-8"))
    name, _, value = WITHOUT.partition("=")
    parameters = {"Environment": "dev", **sections["Parameters"], name: value}
    tags, template = sections.get("Tags", {}), folder / "template.yaml"
    shutil.copy(ROOT / "templates/tap.yaml", template)
    overrides = [f"{key}={text}" for key, text in parameters.items()]
    tagged = ["--tags", *(f"{key}={text}" for key, text in tags.items())] if tags else []
    plan = [TAP, "plan", "dev", "--parameter", WITHOUT, "--parameter", CHANGED]
    found = {
        "tap plan, first": plan, "tap plan": plan, "tap plan --no-lint": [*plan, "--no-lint"],
        "tap deploy": [TAP, "deploy", "dev", "--yes", "--parameter", WITHOUT]}
    if aws := find("aws"):
        found["aws cloudformation deploy"] = [
            aws, "cloudformation", "deploy", "--stack-name", STACK, "--template-file", str(template), "--s3-bucket",
            BUCKET, "--capabilities", "CAPABILITY_IAM", "--no-fail-on-empty-changeset", *tagged,
            "--parameter-overrides", *overrides]
    if sceptre := find("sceptre"):
        _write_sceptre(folder / "sceptre", template, parameters, tags)
        found["sceptre launch"] = [sceptre, "--dir", str(folder / "sceptre"), "launch", "-y", "dev/tap.yaml"]
    if cdk := find("cdk"):
        changed, _, to = CHANGED.partition("=")
        _write_assembly(folder / "cdk.out", template, {**parameters, changed: to}, tags)
        found["cdk diff"] = [cdk, "diff", "--no-notices", "--app", str(folder / "cdk.out"), STACK]
    if sam := find("sam"):
        found[SAM] = [
            sam, "deploy", "--stack-name", STACK, "--template-file", str(template), "--s3-bucket", BUCKET,
            "--capabilities", "CAPABILITY_IAM", "--no-fail-on-empty-changeset", "--no-confirm-changeset", *tagged,
            "--parameter-overrides", *(f'{key}="{text}"' for key, text in parameters.items())]
    return found


def _write_sceptre(folder: Path, template: Path, parameters: Mapping[str, str], tags: Mapping[str, str]) -> None:
    (folder / "config/dev").mkdir(parents=True)
    (folder / "templates").mkdir()
    shutil.copy(template, folder / "templates/tap.yaml")
    (folder / "config/config.yaml").write_text(json.dumps(
        {"project_code": "tap", "region": REGION, "template_bucket_name": BUCKET}), encoding="utf-8")
    (folder / "config/dev/tap.yaml").write_text(json.dumps({
        "template": {"path": "tap.yaml", "type": "file"}, "stack_name": STACK, "parameters": parameters,
        "stack_tags": tags}), encoding="utf-8")


def _write_assembly(folder: Path, template: Path, parameters: Mapping[str, str], tags: Mapping[str, str]) -> None:
    """Write what `cdk synth` would: reading it instead spares the CDK the synthesis."""
    folder.mkdir()
    name = template.with_suffix(".json").name
    (folder / name).write_text(json.dumps(parsed(template.read_text(encoding="utf-8"))), encoding="utf-8")
    (folder / "manifest.json").write_text(json.dumps({"version": "36.0.0", "artifacts": {STACK: {
        "type": "aws:cloudformation:stack", "environment": f"aws://{ACCOUNT}/{REGION}", "properties": {
            "templateFile": name, "stackName": STACK, "parameters": parameters, "tags": tags}}}}),
        encoding="utf-8")


def measure(found: Commands, endpoint: str, runs: int, cache: Path) -> dict[str, Cost]:
    """Return what each command takes; they take turns, so that all have the same of a machine's moods."""
    os.environ.update(QUIET, XDG_CACHE_HOME=str(cache))
    taken: dict[str, list[Cost]] = {name: [] for name in found}
    for _ in range(runs):
        for name, command in found.items():
            if name.endswith(", first"):
                shutil.rmtree(cache, ignore_errors=True)
            if name != SAM:
                taken[name].append(cost(command, endpoint))
    for number in range(runs + 1 if SAM in found else 0):
        done = cost(found[SAM], endpoint)
        if number:  # the first run changes the stack: it writes metadata into the template
            taken[SAM].append(done)
    return {name: Cost(*(round(statistics.median(values), 2) for values in zip(
        *((one.cpu_seconds, one.seconds, one.calls) for one in costs), strict=True)))
        for name, costs in taken.items()}


def cost(command: Sequence[str], endpoint: str) -> Cost:
    """Run a command and return what it took."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = run(command, endpoint)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return Cost(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, done.seconds, done.calls)


def ratios(costs: Mapping[str, Cost]) -> list[dict[str, Any]]:
    """Return how each goal is met; goals with a tool that is not installed are left out."""
    return [{"goal": goal.text, "of": goal.measure, "ratio": round(
                 vars(costs[goal.of])[goal.measure] / vars(costs[goal.to])[goal.measure], 2), "at_most": goal.at_most}
            for goal in GOALS if goal.of in costs and goal.to in costs]


def table(record: Mapping[str, Any]) -> str:
    """Return a record as lines of text."""
    lines = [f"{'':<28}{'CPU s':>8}{'wall s':>8}{'requests':>10}"]
    lines += [f"{name:<28}{cost['cpu_seconds']:>8.2f}{cost['seconds']:>8.2f}{cost['calls']:>10.0f}"
              for name, cost in record["costs"].items()]
    lines += ["", *(f"{met['goal']:<62}{met['of']:<12}{met['ratio']:>6.2f}  at most {met['at_most']:g}"
                    f"{'' if met['ratio'] <= met['at_most'] else ': MISSED'}" for met in record["ratios"])]
    return "\n".join(lines)


def markdown(record: Mapping[str, Any]) -> str:
    """Return a record as the tables of a page."""
    lines = ["| command | CPU s | wall s | requests |", "|---|---|---|---|"]
    lines += [f"| `{name}`{cut}{rest} | {cost['cpu_seconds']:.1f} | {cost['seconds']:.1f} | {cost['calls']:.0f} |"
              for whole, cost in record["costs"].items() for name, cut, rest in [whole.partition(", ")]]
    lines += ["", "| ratio | of | measured | goal |", "|---|---|---|---|"]
    lines += [f"| {met['goal']} | {_MEASURES[met['of']]} | {met['ratio']:.2f} | at most {met['at_most']:g}"
              f"{'' if met['ratio'] <= met['at_most'] else ': missed'} |" for met in record["ratios"]]
    return "\n".join(lines)


def measured(runs: int) -> dict[str, Any]:
    """Return the record of one run."""
    from tap.rehearsal.emulator import clients

    with emulator(0) as endpoint, tempfile.TemporaryDirectory(prefix="tap-peers-") as name:
        folder = Path(name)
        clients(endpoint, REGION)("s3").create_bucket(
            Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": REGION})
        found = commands(folder)
        run([*found["tap deploy"], "--no-lint"], endpoint)
        costs = measure(found, endpoint, runs, folder / "cache")
    return {"date": datetime.now(UTC).date().isoformat(), "machine": machine(), "runs": runs,
            "costs": {name: vars(cost) for name, cost in costs.items()}, "ratios": ratios(costs)}


def main(argv: Sequence[str] | None = None, measure_all: Callable[[int], dict[str, Any]] = measured,
         file: Path = RECORD) -> int:
    """Measure, write the record to `file`, print it, and return the exit code: 1 where a goal is missed."""
    parser = argparse.ArgumentParser(prog="python -m bench.peers", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--runs", type=int, default=3, help="runs of each command (default: 3)")
    arguments = parser.parse_args(argv)
    record = measure_all(arguments.runs)
    write_whole(file, json.dumps(record, indent=1) + "\n")
    print(table(record), f"Written to {file.name}", sep="\n\n")
    return 0 if all(met["ratio"] <= met["at_most"] for met in record["ratios"]) else 1


if __name__ == "__main__":
    sys.exit(main())
