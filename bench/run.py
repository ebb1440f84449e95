"""How long `generate.py` takes against the imports it cannot do without: `python -m bench.run`.

CPU time is user and system time of the process and its children; of several runs the best counts, since
whatever else the machine does can only add to it. The commands take turns, so that they share its moods.
"""

import argparse
import json
import os
import platform
import shlex
import subprocess
import sys
import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tap.deploy.whole_file import write_whole

ROOT = Path(__file__).parent.parent
RECORD = ROOT / "bench" / "last.json"
TIMES_THE_FLOOR = 1.5
TIMES_LESS_THAN_THE_CDK = 40
GENERATE = (sys.executable, "generate.py")
# Runs generate.py and prints the modules of troposphere that are imported then; the others bring their validators.
LIST_MODULES = """
import contextlib, os, runpy, sys
sys.argv = ["generate.py", "-o", os.devnull]
with contextlib.suppress(SystemExit):
    runpy.run_path("generate.py", run_name="__main__")
names = {name for name in sys.modules if name.split(".")[0] == "troposphere" and ".validators" not in name}
print(*sorted(names), sep=", ")
"""


@dataclass(frozen=True)
class Cost:
    """What one run of a command takes."""

    cpu_seconds: float
    peak_mib: float  # of the largest process, where there are several


def cost(command: Sequence[str], folder: Path) -> Cost:
    """Run a command with its output thrown away. Raises RuntimeError where it fails."""
    # Compiled modules are kept from one run to the next, as Python does where nothing forbids it.
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    process = subprocess.Popen(  # noqa: S603 (our own command)
        command, cwd=folder, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RuntimeError(f"exit code {process.returncode} of: {shlex.join(command)}")
    # Linux counts the peak in KiB, macOS in bytes.
    peak = usage.ru_maxrss / (1024 * 1024 if sys.platform == "darwin" else 1024)
    return Cost(round(usage.ru_utime + usage.ru_stime, 4), round(peak, 1))


def best(commands: Mapping[str, Sequence[str]], runs: int, folder: Path = ROOT) -> dict[str, Cost]:
    """Return for each command its least CPU time and its least peak of memory over several runs."""
    costs: dict[str, list[Cost]] = {name: [] for name in commands}
    for _ in range(runs):
        for name, command in commands.items():
            costs[name].append(cost(command, folder))
    return {name: Cost(min(one.cpu_seconds for one in all_runs), min(one.peak_mib for one in all_runs))
            for name, all_runs in costs.items()}


def floor_command() -> tuple[str, ...]:
    """Return the command that imports what generate.py imports of troposphere, and does nothing else."""
    listed = subprocess.run(  # noqa: S603 (our own command)
        (sys.executable, "-c", LIST_MODULES), cwd=ROOT, check=True, capture_output=True, text=True)
    return (sys.executable, "-c", f"import {listed.stdout.strip()}")


def machine() -> dict[str, Any]:
    """Return what the figures depend on."""
    cpu_info = Path("/proc/cpuinfo")
    lines = cpu_info.read_text(encoding="utf-8").splitlines() if cpu_info.exists() else []
    models = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return {"cpu": models[0] if models else platform.processor() or platform.machine(),
            "cores": os.cpu_count(), "python": platform.python_version(), "system": platform.system()}


def table(record: Mapping[str, Any]) -> str:
    """Return a record as lines of text."""
    ratio, cdk = record["times_the_floor"], record.get("cdk")
    lines = [f"{'':<24}{'CPU s':>8}{'MiB':>6}"]
    lines += [_row(name, figures) for name, figures in record["costs"].items()]
    if cdk:
        lines.append(_row(f"CDK, on {cdk['date']}", cdk["cost"]))
    lines.append(f"{'generate.py / imports':<24}{ratio:>8.2f}        at most {TIMES_THE_FLOOR}"
                 + ("" if ratio <= TIMES_THE_FLOOR else ": missed"))
    if cdk:
        less = cdk["times_generate"]
        lines.append(f"{'CDK / generate.py':<24}{less:>8.0f}        at least {TIMES_LESS_THAN_THE_CDK}"
                     + ("" if less >= TIMES_LESS_THAN_THE_CDK else ": missed"))
    return "\n".join(lines)


def _row(name: str, figures: Mapping[str, float]) -> str:
    return f"{name:<24}{figures['cpu_seconds']:>8.3f}{figures['peak_mib']:>6.0f}"


def main(argv: Sequence[str] | None = None) -> int:
    """Measure, write the record, print it, and return the exit code: 1 where a ratio is missed."""
    parser = argparse.ArgumentParser(
        prog="python -m bench.run", description="Measure generate.py against the imports it needs.")
    parser.add_argument("--runs", type=int, default=15, help="runs of each command (default: 15)")
    parser.add_argument("--cdk", metavar="COMMAND",
                        help="measure this command, too, which synthesises the reference with the AWS CDK; "
                             "without it the record keeps what it has")
    parser.add_argument("--cdk-folder", metavar="DIR", type=Path, default=Path(), help="where to run COMMAND")
    arguments = parser.parse_args(argv)

    floor = floor_command()
    print("The floor:", *textwrap.wrap(shlex.join(("python", *floor[1:])), 76), sep="\n  ", end="\n\n")
    measured = best({"imports": floor, "generate.py": GENERATE}, arguments.runs)
    today = datetime.now(UTC).date().isoformat()
    generate = measured["generate.py"].cpu_seconds
    record = {
        "date": today, "machine": machine(), "runs": arguments.runs,
        "costs": {name: asdict(one) for name, one in measured.items()},
        "times_the_floor": round(generate / measured["imports"].cpu_seconds, 3),
    }
    if arguments.cdk:
        command = shlex.split(arguments.cdk)
        one = best({"cdk": command}, 3, arguments.cdk_folder)["cdk"]
        record["cdk"] = {"date": today, "machine": machine(), "command": arguments.cdk, "cost": asdict(one),
                         "times_generate": round(one.cpu_seconds / generate, 1)}
    elif RECORD.exists():
        record["cdk"] = json.loads(RECORD.read_text(encoding="utf-8")).get("cdk")

    # Not before: a child's peak of memory is at least that of the process it was started from.
    from bench.size import template_size

    size = template_size()
    record["size"] = asdict(size)
    write_whole(RECORD, json.dumps(record, indent=1) + "\n")
    print(table(record), size, f"Written to {RECORD.relative_to(ROOT)}", sep="\n\n")
    return 0 if record["times_the_floor"] <= TIMES_THE_FLOOR else 1


if __name__ == "__main__":
    sys.exit(main())
