"""`tap deploy` beside the AWS CLI's `aws cloudformation deploy`: `python -m bench.deploy`.

Both deploy the same template into the same emulator, in which making a resource takes a while, one after the
other in one run; only the ratios are worth keeping. Requests are counted where they arrive.
"""

import argparse
import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bench.run import machine
from tap.deploy.whole_file import write_whole

ROOT = Path(__file__).parent.parent
RECORD = ROOT / "bench" / "deploy.json"
LONGEST = 600  # seconds that a command may take
REGION, ACCOUNT = "eu-central-1", "123456789012"
TOOL = "tap-bench"  # in the user agent of what is measured
WITHOUT = "EmptyAssetsBucketOnDelete=false"  # a custom resource takes its own time
BUCKET = f"tap-artifacts-{ACCOUNT}-{REGION}"
CALLS = "/_bench/calls"
ENVIRONMENTS = 20
NOTICED_WITHIN, TIMES_ONE_PLAN = 2.0, 4.0


def serve(delay: float) -> None:
    """Run the rehearsal's emulator with a pause before each resource, and count the requests it gets."""
    import ministack.app
    from ministack.services.cloudformation import helpers, stacks

    provision, app, document = stacks._provision_resource, ministack.app.app, helpers._resolve_document
    calls = 0

    def slowly(*arguments: Any) -> Any:
        time.sleep(delay)
        return provision(*arguments)

    def by_path(parameters: Any, body: str, url: str, label: str) -> Any:
        # MiniStack reads no URL that has the bucket in its host name, as those of other tools.
        found = re.match(r"https://([^/]+)\.s3[.-][^/]*amazonaws\.com/(.+)", helpers._p(parameters, url))
        if found:
            parameters = {**parameters, url: f"https://s3.amazonaws.com/{found[1]}/{found[2]}"}
        return document(parameters, body, url, label)

    async def counted(scope: Any, receive: Any, send: Any) -> None:
        nonlocal calls
        if scope["type"] != "http" or scope["path"] != CALLS:
            # The emulator calls itself, too.
            calls += any(TOOL.encode() in value for name, value in scope.get("headers", ()) if name == b"user-agent")
            await app(scope, receive, send)
            return
        body, calls = str(calls).encode(), 0
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": body})

    stacks._provision_resource, ministack.app.app, helpers._resolve_document = slowly, counted, by_path
    from tap.rehearsal.server import main as run

    run()


@contextlib.contextmanager
def emulator(delay: float) -> Iterator[str]:
    """Start such an emulator in a process of its own; yields its endpoint."""
    from tap.rehearsal.emulator import environment

    with tempfile.TemporaryDirectory(prefix="tap-bench-", ignore_cleanup_errors=True) as home:
        process = subprocess.Popen(  # noqa: S603  (our own command)
            [sys.executable, "-m", "bench.deploy", "--serve", str(delay)], cwd=ROOT, env=environment(home),
            start_new_session=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        try:
            assert process.stdout is not None  # noqa: S101  (for the type checker)
            endpoint = f"http://127.0.0.1:{process.stdout.readline().strip()}"
            get(endpoint + CALLS)
            yield endpoint
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.communicate()


def get(url: str) -> str:
    """Return what a URL of the emulator answers."""
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with direct.open(url, timeout=30) as answer:
        return str(answer.read().decode())


@dataclass(frozen=True)
class Run:
    """What one command took."""

    seconds: float
    calls: int
    noticed: float | None = None  # seconds from the stack's last event to the end of the command

    @property
    def calls_a_minute(self) -> float:
        """Requests a minute."""
        return 60 * self.calls / self.seconds


def run(command: Sequence[str], endpoint: str, folder: Path = ROOT) -> Run:
    """Run a command against the emulator. Raises RuntimeError where it fails."""
    get(endpoint + CALLS)
    settings = {"AWS_EXECUTION_ENV": TOOL, "AWS_ENDPOINT_URL": endpoint,
                "AWS_ACCESS_KEY_ID": ACCOUNT, "AWS_SECRET_ACCESS_KEY": "emulated",
                "AWS_DEFAULT_REGION": REGION, "AWS_CONFIG_FILE": os.devnull, "AWS_SHARED_CREDENTIALS_FILE": os.devnull}
    kept = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    began = time.monotonic()
    done = subprocess.run(  # noqa: S603  (our own commands)
        command, cwd=folder, env=kept | settings, stdin=subprocess.DEVNULL, capture_output=True, text=True,
        timeout=LONGEST)
    seconds = time.monotonic() - began
    if done.returncode:
        raise RuntimeError(f"exit code {done.returncode} of {' '.join(command)}: {done.stderr.strip()}")
    return Run(seconds, int(get(endpoint + CALLS)))


def compare(endpoint: str, client: Any) -> dict[str, dict[str, Run]]:
    """Return what each tool takes for a first deployment, and for one that changes nothing."""
    tool = Path(sys.executable)
    with tempfile.TemporaryDirectory() as folder:
        template = Path(folder, "template.yaml")
        subprocess.run([sys.executable, "generate.py", "-o", str(template)],  # noqa: S603  (our own command)
                       cwd=ROOT, check=True)
        commands: Mapping[str, list[str]] = {
            "tap deploy": [str(tool.with_name("tap")), "deploy", "dev", "--yes", "--parameter", WITHOUT],
            "aws cloudformation deploy": [
                str(tool.with_name("aws")), "cloudformation", "deploy", "--stack-name", "tap-dev",
                "--template-file", str(template), "--s3-bucket", BUCKET, "--capabilities", "CAPABILITY_IAM",
                "--no-fail-on-empty-changeset", "--parameter-overrides", *_overrides(), WITHOUT]}
        found = {}
        for name, command in commands.items():
            first = run(command, endpoint)
            ended = time.time()
            last = client.describe_stack_events(StackName="tap-dev")["StackEvents"][0]["Timestamp"].timestamp()
            found[name] = {"first": Run(first.seconds, first.calls, max(0.0, ended - last)),
                           "again": run(command, endpoint)}
            client.delete_stack(StackName="tap-dev")
            while client.describe_stacks()["Stacks"]:
                time.sleep(0.2)
        return found


def _overrides() -> list[str]:
    given = json.loads((ROOT / "parameters/dev.json").read_text(encoding="utf-8"))["Parameters"]
    return [f"{name}={value}" for name, value in given.items() if name != WITHOUT.partition("=")[0]]


def plans(endpoint: str) -> dict[str, Run]:
    """Return what plans of one environment and of many at once take."""
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "parameters").mkdir()
        sections = json.loads((ROOT / "parameters/dev.json").read_text(encoding="utf-8"))
        names = [f"pr-{number}" for number in range(ENVIRONMENTS)]
        for name in names:
            sections["Parameters"]["Environment"] = name
            (Path(folder) / f"parameters/{name}.json").write_text(json.dumps(sections), encoding="utf-8")
        targets = f'[default]\nartifact_bucket = "{BUCKET}"\n'
        (Path(folder) / "parameters/targets.toml").write_text(targets, encoding="utf-8")
        command = [str(Path(sys.executable).with_name("tap")), "plan", "--root", folder]
        return {"one": run([*command, names[0]], endpoint), "many": run([*command, *names], endpoint)}


def table(record: Mapping[str, Any]) -> str:
    """Return a record as lines of text."""
    lines = [f"{'first deployment':<28}{'s':>7}{'calls/min':>11}{'noticed after s':>17}"]
    for name, runs in record["deployments"].items():
        lines.append(f"{name:<28}{runs['first']['seconds']:>7.1f}{runs['first']['calls_a_minute']:>11.0f}"
                     f"{runs['first']['noticed']:>17.1f}")
    lines += [f"{'nothing to do':<28}"] + [
        f"{name:<28}{runs['again']['seconds']:>7.1f}{runs['again']['calls_a_minute']:>11.0f}"
        for name, runs in record["deployments"].items()]
    lines += ["", *(f"{told:<52}{'yes' if holds else 'MISSED':>8}" for told, holds in record["holds"].items())]
    lines += [f"{told:<60} MISSED, as is known" for told in record.get("known_misses", ())]
    return "\n".join(lines)


def main(argv: Sequence[str] | None = None, measure: Callable[[float], dict[str, Any]] | None = None,
         file: Path = RECORD) -> int:
    """Measure, write the record to `file`, print it, and return the exit code: 1 where something is missed."""
    parser = argparse.ArgumentParser(prog="python -m bench.deploy", description=__doc__.splitlines()[0])
    parser.add_argument("--delay", type=float, default=0.1, help="seconds that each resource takes (default: 0.1)")
    parser.add_argument("--serve", type=float, metavar="DELAY", help=argparse.SUPPRESS)
    arguments = parser.parse_args(argv)
    if arguments.serve is not None:
        serve(arguments.serve)
        return 0
    record = (measure or measured)(arguments.delay)
    write_whole(file, json.dumps(record, indent=1) + "\n")
    print(table(record), f"Written to {file.name}", sep="\n\n")
    return 0 if all(record["holds"].values()) else 1


def measured(delay: float) -> dict[str, Any]:
    """Return the record of one run."""
    from tap.rehearsal.emulator import clients

    with emulator(delay) as endpoint:
        aws = clients(endpoint, REGION)
        aws("s3").create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": REGION})
        deployments = compare(endpoint, aws("cloudformation"))
        planned = plans(endpoint)
    tap, cli = deployments["tap deploy"], deployments["aws cloudformation deploy"]
    ratio = tap["first"].seconds / cli["first"].seconds
    times = planned["many"].seconds / planned["one"].seconds
    holds = {
        f"less wall time than the AWS CLI: {ratio:.2f} of it": ratio < 1,
        f"the end noticed within {NOTICED_WITHIN:g} s": (tap["first"].noticed or 0) <= NOTICED_WITHIN,
        f"{ENVIRONMENTS} plans at once: {times:.1f} times one, at most {TIMES_ONE_PLAN:g}": times <= TIMES_ONE_PLAN}
    # Who looks every half minute asks less often than who is to notice the end within two seconds.
    calls = tap["first"].calls_a_minute / cli["first"].calls_a_minute
    known = [] if calls <= 1 else [f"no more requests a minute than the AWS CLI: {calls:.1f} times as many"]
    shown = {name: {which: {**vars(one), "calls_a_minute": one.calls_a_minute} for which, one in runs.items()}
             for name, runs in {**deployments, "tap plan": planned}.items()}
    return {"date": datetime.now(UTC).date().isoformat(), "machine": machine(), "delay": delay,
            "deployments": {name: shown[name] for name in deployments}, "plans": shown["tap plan"], "holds": holds,
            "known_misses": known}


if __name__ == "__main__":
    sys.exit(main())
