"""What the wiring rules find in a folder of templates, and what they cost: `python -m bench.wiring FOLDER`.

Exit code 1 where a rule fails on a template, or cfn-lint with the rules takes more than `MOST` times as long.
"""

import argparse
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from cfnlint.api import lint
from cfnlint.config import ManualArgs
from cfnlint.decode import decode

from tap.wiring import all_rules
from tap.wiring.graph import Graph

MOST = 1.2
SUFFIXES = {".yaml", ".yml", ".json", ".template"}
WIRING = "tap.wiring"


@dataclass
class Report:
    """What the rules found, left out and failed on."""

    files: int = 0
    seconds: float = 0.0
    findings: list[tuple[str, Path, str]] = field(default_factory=list)
    left_out: Counter[str] = field(default_factory=Counter)
    crashes: list[str] = field(default_factory=list)


def templates(folder: Path) -> Iterator[tuple[Path, dict[str, Any]]]:
    """Yield the files of a folder that cfn-lint reads as templates with resources, sorted, and what they hold."""
    for path in sorted(path for path in folder.rglob("*") if path.suffix in SUFFIXES and path.is_file()):
        document, _ = decode(str(path))
        if isinstance(document, dict) and isinstance(document.get("Resources"), dict):
            yield path, document


def check(folder: Path) -> Report:
    """Run every rule on every template of a folder."""
    report = Report()
    rules = [rule() for rule in all_rules()]
    for path, document in templates(folder):
        report.files += 1
        # What the rules use of cfnlint.template.Template; to work out the rest takes most of cfn-lint's time.
        template = _Template(document)
        started = time.perf_counter()
        for rule in rules:
            try:
                report.findings += [(rule.id, path, match.message) for match in rule.match(template)]
            except Exception as error:  # the measurement is whether there are any
                report.crashes.append(f"{rule.id} {path}: {error!r}")
        report.seconds += time.perf_counter() - started
        reason = Graph(document).left_out
        if reason:
            report.left_out[reason] += 1
    return report


class _Template:
    def __init__(self, template: dict[str, Any]) -> None:
        self.template = template
        self.regions = ["us-east-1"]
        self.context = SimpleNamespace(parameter_sets=[])


def compare(texts: Sequence[str], clock: Callable[[], float] = time.process_time) -> tuple[float, float]:
    """Return the seconds that cfn-lint takes for templates without and with the rules.

    The two take turns, so that they share the machine's moods; each is the shorter of two runs.
    """
    seconds = [0.0, 0.0]
    for text in texts:
        rounds: list[list[float]] = [[], []]
        for _ in range(2):
            for place, rules in enumerate(([], [WIRING])):
                started = clock()
                lint(text, config=ManualArgs(append_rules=rules))
                rounds[place].append(clock() - started)
        seconds = [total + min(taken) for total, taken in zip(seconds, rounds, strict=True)]
    return seconds[0], seconds[1]


def main(argv: Sequence[str] | None = None) -> int:
    """Print findings per rule, what was left out, crashes, and times; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m bench.wiring", description="Measure the wiring rules.")
    parser.add_argument("folder", type=Path, help="a folder of templates, such as a clone of a public repository")
    parser.add_argument("--list", action="store_true", help="print every finding, too")
    parser.add_argument("--time", type=int, default=0, metavar="N", help="compare cfn-lint's time on N of them")
    arguments = parser.parse_args(argv)
    if not arguments.folder.is_dir():
        parser.error(f"{arguments.folder} is not a folder")
    report = check(arguments.folder)
    for rule, count in sorted(Counter(rule for rule, _, _ in report.findings).items()):
        files = len({path for name, path, _ in report.findings if name == rule})
        print(f"{rule}  {count:5} findings in {files:5} files")
    for rule, path, message in report.findings if arguments.list else ():
        print(f"{path}: {rule} {message}")
    print(f"{report.files} templates, {sum(report.left_out.values())} not checked, {len(report.crashes)} crashes, "
          f"{1000 * report.seconds / max(report.files, 1):.1f} ms a template")
    for line in (*(f"not checked: {count} templates: {reason}" for reason, count in report.left_out.most_common(5)),
                 *report.crashes):
        print(line)
    return 1 if report.crashes or not _is_fast(arguments.folder, arguments.time) else 0


def _is_fast(folder: Path, count: int) -> bool:
    paths = [path for path, _ in templates(folder)] if count else []
    if not paths:
        return True
    sample = paths[::max(1, len(paths) // count)][:count]
    without, with_rules = compare([path.read_text("utf-8") for path in sample])
    print(f"cfn-lint on {len(sample)} of them: {without:.1f} s, with the rules {with_rules:.1f} s, "
          f"{with_rules / without:.2f} times (bar: {MOST})")
    return with_rules <= MOST * without


if __name__ == "__main__":
    sys.exit(main())
