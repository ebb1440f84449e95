"""`make mutate`: break the core in small ways, one at a time, and report what no test notices.

Cosmic Ray supplies the usual mutations, `mutations.py` those that it lacks. A module's sample is always the same. Its
tests, which modules.toml names, run in a process of their own that imports the changed source instead of the file, so
nothing is written. None of them compares with a committed file, since `make template` would renew it.
"""

import importlib
import importlib.abc
import importlib.machinery
import importlib.util
import multiprocessing
import os
import random
import resource
import sys
import tempfile
import time
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from cosmic_ray.ast import ast_nodes, get_ast
from cosmic_ray.mutating import mutate_code
from cosmic_ray.plugins import get_operator, operator_names
from mutations import OPERATORS, is_code

ROOT = Path(__file__).parents[2]
CONFIGURATION = tomllib.loads(Path(__file__).with_name("modules.toml").read_text("utf-8"))
SAMPLE, SEED, REQUIRED = 28, 1, 0.95
# Of Cosmic Ray's mutations: none that is a TypeError wherever the line runs, such as a set to the power of another.
USUAL = ("Add_Sub", "Sub_Add", "Mul_Div", "Div_Mul", "FloorDiv_Mul", "Mod_Mul", "BitOr_BitAnd", "BitAnd_BitOr",
         "Sub_BitOr", "Eq_NotEq", "NotEq_Eq", "Lt_LtE", "LtE_Lt", "Gt_GtE", "GtE_Gt", "Lt_Gt", "Gt_Lt", "In_NotIn",
         "NotIn_In", "Is_IsNot", "IsNot_Is", "Delete_Not", "Delete_USub", "AddNot", "ReplaceTrueWithFalse",
         "ReplaceFalseWithTrue", "ReplaceAndWithOr", "ReplaceOrWithAnd", "ReplaceBreakWithContinue",
         "ReplaceContinueWithBreak", "ExceptionReplacer", "NumberReplacer", "ZeroIterationForLoop")
KILLED, SURVIVED, UNUSABLE = 1, 0, 99
MEMORY = 6 * 2**30
OPTIONS = ("-x", "-q", "-n", "0", "-p", "no:cacheprovider", "--assert=plain", "--hypothesis-seed=0")


class Mutant(NamedTuple):
    """A module's source with one change."""

    line: int
    before: str
    after: str
    source: str


class _Finder(importlib.abc.MetaPathFinder):
    """Finds one module, whose source is not what its file says."""

    def __init__(self, name: str, path: Path, source: str) -> None:
        self.name, self.path, self.source = name, path, source

    def find_spec(self, fullname: str, path: Any = None, target: Any = None) -> importlib.machinery.ModuleSpec | None:  # noqa: ARG002
        if fullname != self.name:
            return None
        loader = _Loader(fullname, str(self.path))
        loader.source = self.source
        return importlib.util.spec_from_file_location(fullname, self.path, loader=loader)


class _Loader(importlib.machinery.SourceFileLoader):
    source = ""

    def get_code(self, fullname: str) -> Any:  # noqa: ARG002
        return compile(self.source, self.path, "exec")


def mutants(source: str) -> Iterator[Mutant]:
    """Return every mutant of a source, in a random order that is the same each time, position by position.

    A position counts once, in however many ways it can be changed.
    """
    operators = [get_operator(name)() for name in operator_names() if name.endswith(USUAL)]
    operators += [operator() for operator in OPERATORS]
    positions: dict[Any, list[tuple[Any, int]]] = {}
    nodes = list(ast_nodes(get_ast(source)))
    for operator in operators:
        occurrence = 0
        for node in nodes:
            for position in operator.mutation_positions(node):
                if is_code(node):
                    positions.setdefault(position, []).append((operator, occurrence))
                occurrence += 1
    chance = random.Random(SEED)
    for position in chance.sample(sorted(positions), len(positions)):
        operator, occurrence = chance.choice(positions[position])
        changed = mutate_code(source, operator, occurrence)
        old, new = source.splitlines(), str(changed).splitlines()
        line = next((index for index, (one, other) in enumerate(zip(old, new, strict=False)) if one != other), None)
        if line is not None:
            yield Mutant(line + 1, old[line].strip(), new[line].strip(), str(changed))


def _run(module: Path, source: str, tests: list[str]) -> None:
    """Run a module's tests on another source, and exit with what became of it."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    os.chdir(ROOT)
    with Path(os.devnull).open("w") as null:
        os.dup2(null.fileno(), 1)
        os.dup2(null.fileno(), 2)
    name = ".".join(module.with_suffix("").parts)
    sys.meta_path.insert(0, _Finder(name, ROOT / module, source))
    sys.path.insert(0, str(ROOT))
    try:
        importlib.import_module(name)
    except Exception:
        os._exit(UNUSABLE)
    os._exit(SURVIVED if pytest.main([*OPTIONS, *tests]) == 0 else KILLED)


def outcome(module: Path, source: str, tests: list[str], limit: float | None = None) -> int:
    """Return what becomes of a source: KILLED (by a test, or after `limit` seconds), SURVIVED or UNUSABLE."""
    process = multiprocessing.get_context("fork").Process(target=_run, args=(module, source, tests))
    process.start()
    process.join(limit)
    if process.exitcode is None:
        process.kill()
        process.join()
        return KILLED
    return process.exitcode if process.exitcode in (SURVIVED, UNUSABLE) else KILLED


def try_module(name: str, sample: int) -> tuple[int, int]:
    """Print the survivors among a module's mutants that have no reason; return how many were tried and killed."""
    path, tests = Path(name), CONFIGURATION["modules"][name]
    source = (ROOT / path).read_text("utf-8")
    began = time.monotonic()
    if outcome(path, source, tests) != SURVIVED:
        sys.exit(f"{name}: its tests fail before anything is changed: pytest {' '.join(tests)}")
    limit = 30 + 10 * (time.monotonic() - began)
    accepted = {(each["module"], each["before"], each["after"]) for each in CONFIGURATION.get("accepted", [])}
    tried = killed = 0
    for mutant in mutants(source):
        if tried == sample:
            break
        what = outcome(path, mutant.source, tests, limit)
        if what == UNUSABLE or (what == SURVIVED and (name, mutant.before, mutant.after) in accepted):
            continue
        tried += 1
        killed += what == KILLED
        if what == SURVIVED:
            print(f"{name}:{mutant.line} survived\n  - {mutant.before}\n  + {mutant.after}", flush=True)
    print(f"{name}: {killed} of {tried} killed ({time.monotonic() - began:.0f} s)", flush=True)
    return tried, killed


def main(arguments: list[str]) -> int:
    """Try the modules that the arguments name, or all; return 1 where too few mutants are killed."""
    sample = int(os.environ.get("SAMPLE") or SAMPLE)
    names = arguments or list(CONFIGURATION["modules"])
    if unknown := set(names) - set(CONFIGURATION["modules"]):
        sys.exit(f"{', '.join(sorted(unknown))}: modules.toml names no tests for it")
    with tempfile.TemporaryDirectory() as examples:
        os.environ["HYPOTHESIS_STORAGE_DIRECTORY"] = examples
        results = [try_module(name, sample) for name in names]
    tried, killed = sum(result[0] for result in results), sum(result[1] for result in results)
    print(f"{killed} of {tried} killed: {killed / tried:.0%}; {REQUIRED:.0%} required, and a reason in "
          "tests/mutation/modules.toml for each survivor")
    return int(killed < REQUIRED * tried)


if __name__ == "__main__":
    for slow in ("boto3", "hypothesis", "troposphere", "awacs", "yaml", "rich.console", "click", "tomlkit"):
        importlib.import_module(slow)  # once, and not in each process
    importlib.import_module("boto3").client(  # whose model is cached
        "cloudformation", region_name="eu-west-1", aws_access_key_id="x", aws_secret_access_key="x")
    sys.exit(main(sys.argv[1:]))
