"""What `make size` and `make bench` measure, and how they say it."""

import json
import sys
from pathlib import Path

import pytest

from bench import run, size


def test_the_size_is_a_line_with_the_share_of_what_cloudformation_takes() -> None:
    assert str(size.Size(resources=161, bytes=125_829)) == "161 resources, 125,829 bytes: 12% of the maximum"


def test_the_templates_size_is_that_of_the_committed_file(root: Path) -> None:
    measured = size.template_size()
    assert measured.bytes == (root / "templates/tap.yaml").stat().st_size
    assert measured.resources > 100


def test_the_cost_of_a_command_counts_its_children(tmp_path: Path) -> None:
    work = "sum(range(3_000_000))"
    nested = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {work!r}], check=True)"

    idle, busy = (run.cost((sys.executable, "-c", program), tmp_path) for program in ("pass", nested))

    assert busy.cpu_seconds > idle.cpu_seconds


def test_a_command_that_fails_is_not_measured(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="exit code 3 of:"):
        run.cost((sys.executable, "-c", "raise SystemExit(3)"), tmp_path)


def test_the_floor_is_the_import_of_what_the_template_uses_of_troposphere_and_of_nothing_else() -> None:
    _, _, program = run.floor_command()

    modules = program.removeprefix("import ").split(", ")
    assert {"troposphere", "troposphere.ecs", "troposphere.rds"} <= set(modules)
    assert "troposphere.redshift" not in modules
    assert all(module.split(".")[0] == "troposphere" for module in modules)


def test_the_table_of_times_says_which_ratio_is_missed() -> None:
    record = {
        "costs": {
            "imports": {"cpu_seconds": 0.1, "peak_mib": 20}, "generate.py": {"cpu_seconds": 0.2, "peak_mib": 25}},
        "times_the_floor": 2.0,
        "cdk": {"date": "2026-01-31", "cost": {"cpu_seconds": 10.0, "peak_mib": 500}, "times_generate": 50.0}}

    assert run.table(record).splitlines() == [
        "                           CPU s   MiB",
        "imports                    0.100    20",
        "generate.py                0.200    25",
        "CDK, on 2026-01-31        10.000   500",
        "generate.py / imports       2.00        at most 1.5: missed",
        "CDK / generate.py             50        at least 40"]


def test_the_committed_record_says_on_what_machine_it_was_made() -> None:
    record = json.loads(run.RECORD.read_text())

    assert set(record["machine"]) == {"cpu", "cores", "python", "system"}
    assert record["runs"] >= 7
