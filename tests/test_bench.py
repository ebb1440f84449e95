"""What `make size` and `make bench` measure, and how they say it."""

import json
import sys
from pathlib import Path

import pytest

from bench import run, size


def test_the_template_is_within_both_limits_of_size() -> None:
    assert size.template_sizes().fits


def test_a_template_of_more_bytes_a_resource_than_it_may_have_does_not_fit() -> None:
    template = {"Resources": {"One": {}, "Two": {}}}

    assert size.sizes(template, "x" * 1640, "x").fits
    assert not size.sizes(template, "x" * 1641, "x").fits


def test_a_template_that_is_too_large_minified_does_not_fit() -> None:
    assert size.Sizes(resources=200, readable=1, minified=115_000).fits
    assert not size.Sizes(resources=200, readable=1, minified=115_001).fits


def test_size_counts_bytes_not_characters() -> None:
    assert size.sizes({"Resources": {"One": {}}}, "é", "€").readable == 2


def test_the_table_of_sizes_says_which_goal_is_missed_and_what_follows_from_it() -> None:
    assert size.table(size.Sizes(resources=100, readable=40_000, minified=56_000)).splitlines() == [
        "resources              100",
        "bytes               40,000",
        "bytes a resource       400  goal    600  limit     820 [#####.....] goal met",
        "bytes minified      56,000  goal 51,200  limit 115,000 [#####.....] goal missed",
        "Over 51,200 bytes a template goes through a bucket: tap does it, aws cloudformation deploy wants --s3-bucket."]


def test_the_table_of_sizes_says_what_is_too_large() -> None:
    assert "too large" in size.table(size.Sizes(resources=1, readable=900, minified=1))


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
