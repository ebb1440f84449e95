"""A clean verdict of cfn-lint is remembered for exactly what it was given for."""

import itertools
import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tap.lint import cache
from tap.lint.cache import cache_folder, cached, verdict_key

RULES = ("tap.wiring",)
KEY = "0" * 64


class Lint:
    """Counts its runs."""

    def __init__(self, *problems: str) -> None:
        self.problems, self.runs = list(problems), 0

    def __call__(self) -> list[str]:
        self.runs += 1
        return self.problems


def test_what_passed_is_not_linted_again(tmp_path: Path) -> None:
    lint = Lint()

    assert [cached(KEY, lint, tmp_path / "new") for _ in range(3)] == [[], [], []]
    assert lint.runs == 1


def test_problems_are_found_again_each_time(tmp_path: Path) -> None:
    lint = Lint("E1")

    assert [cached(KEY, lint, tmp_path) for _ in range(2)] == [["E1"], ["E1"]]
    assert (lint.runs, list(tmp_path.iterdir())) == (2, [])


def test_a_lint_that_fails_is_not_remembered(tmp_path: Path) -> None:
    def fails() -> list[str]:
        raise RuntimeError

    with pytest.raises(RuntimeError):
        cached(KEY, fails, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_what_has_no_key_is_linted_each_time(tmp_path: Path) -> None:
    lint = Lint()

    for _ in range(2):
        cached(None, lint, tmp_path)
    assert (lint.runs, list(tmp_path.iterdir())) == (2, [])


@pytest.mark.parametrize("content", [b"", KEY[:10].encode(), b"1" * 64, b"\xff\x00"])
def test_a_damaged_verdict_is_ignored_and_replaced(tmp_path: Path, content: bytes) -> None:
    (tmp_path / KEY).write_bytes(content)
    lint = Lint()

    cached(KEY, lint, tmp_path)
    assert (lint.runs, (tmp_path / KEY).read_text()) == (1, KEY)


def test_a_cache_that_cannot_be_used_is_as_good_as_none(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    lint = Lint()

    assert [cached(KEY, lint, tmp_path / "file") for _ in range(2)] == [[], []]
    assert lint.runs == 2


@pytest.mark.parametrize("mode", [0o770, 0o702, 0o777])
def test_a_verdict_that_somebody_else_may_have_written_counts_for_nothing(tmp_path: Path, mode: int) -> None:
    (tmp_path / KEY).write_text(KEY)
    tmp_path.chmod(mode)

    assert cached(KEY, Lint("E1"), tmp_path) == ["E1"]


def test_the_cache_that_is_made_is_the_users_own_whatever_the_umask(tmp_path: Path) -> None:
    umask = os.umask(0)
    try:
        cached(KEY, Lint(), tmp_path / "tap/lint")
    finally:
        os.umask(umask)
    lint = Lint()

    cached(KEY, lint, tmp_path / "tap/lint")
    assert lint.runs == 0


def test_verdicts_that_nobody_asks_for_are_deleted(tmp_path: Path) -> None:
    old, recent = tmp_path / ("1" * 64), tmp_path / ("2" * 64)
    for file, days in ((old, 91), (recent, 89)):
        file.touch()
        os.utime(file, (time.time() - days * 86400,) * 2)

    cached(KEY, Lint(), tmp_path)

    assert sorted(file.name[0] for file in tmp_path.iterdir()) == ["0", "2"]


def test_a_verdict_that_is_asked_for_stays_young(tmp_path: Path) -> None:
    (tmp_path / KEY).write_text(KEY)
    os.utime(tmp_path / KEY, (0, 0))

    cached(KEY, Lint(), tmp_path)

    assert (tmp_path / KEY).stat().st_mtime > 0


def test_each_thing_that_decides_a_verdict_has_a_key_of_its_own(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a/.cfnlintrc").write_text("ignore_checks: [W3010]")
    (tmp_path / "b").mkdir()
    (tmp_path / "b/.cfnlintrc").write_text("ignore_checks: [W3011]")
    keys = [verdict_key("x", ["eu-west-1"], RULES, []), verdict_key("y", ["eu-west-1"], RULES, []),
            verdict_key("x", ["eu-west-2"], RULES, []), verdict_key("x", ["eu-west-1", "eu-west-2"], RULES, []),
            verdict_key("x", ["eu-west-1"], (), []), verdict_key("x", ["eu-west-1"], RULES, [tmp_path / "a"]),
            verdict_key("x", ["eu-west-1"], RULES, [tmp_path / "b"])]

    assert all(one != other for one, other in itertools.combinations(keys, 2))
    assert verdict_key("x", ["b", "a"], RULES, []) == verdict_key("x", ["a", "b"], RULES, [])


@pytest.mark.parametrize("line", ["append_rules: [mine]", "override_spec: mine.json", "registry_schemas: [mine]"])
def test_a_configuration_with_files_of_its_own_has_no_key(tmp_path: Path, line: str) -> None:
    (tmp_path / ".cfnlintrc.yaml").write_text(line)

    assert verdict_key("x", ["eu-west-1"], RULES, [tmp_path]) is None


def test_regions_that_only_cfn_lint_knows_have_no_key() -> None:
    assert verdict_key("x", [], RULES, []) is None


def test_every_file_of_the_rules_is_in_the_key() -> None:
    sources = cache._sources("tap.wiring")

    assert {"__init__.py", "rule.py", "facts.toml"} <= sources.keys()


def test_without_a_home_directory_templates_are_linted_each_time() -> None:
    def unknown() -> Path:
        raise RuntimeError("Could not determine home directory.")

    folder = cache.home(unknown)
    key = verdict_key("{}", ["eu-west-1"], RULES, [folder])
    lint = Lint()

    assert [cached(key, lint, folder / ".cache") for _ in range(2)] == [[], []]
    assert lint.runs == 2


@pytest.mark.parametrize(("system", "environ", "folder"), [
    ("linux", {}, lambda home: home / ".cache/tap"),
    ("linux", {"XDG_CACHE_HOME": "/caches"}, lambda _: Path("/caches/tap")),
    ("linux", {"XDG_CACHE_HOME": "caches"}, lambda home: home / ".cache/tap"),
    ("darwin", {"XDG_CACHE_HOME": "/caches"}, lambda home: home / "Library/Caches/tap"),
    ("win32", {"LOCALAPPDATA": "/local"}, lambda _: Path("/local/tap/Cache")),
    ("win32", {}, lambda home: home / "AppData/Local/tap/Cache"),
])
def test_the_cache_is_where_the_platform_has_caches(
        system: str, environ: dict[str, str], folder: Callable[[Path], Path]) -> None:
    assert cache_folder(environ, system) == folder(Path.home())
