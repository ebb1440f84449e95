"""What bench.wiring prints of a folder of templates."""

from pathlib import Path

import pytest

from bench.wiring import compare, main

EARLY = """\
Resources:
  Archive:
    Type: AWS::S3::Bucket
    Properties:
      LifecycleConfiguration:
        Rules: [{Status: Enabled, Transitions: [{StorageClass: STANDARD_IA, TransitionInDays: 7}]}]
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "nested").mkdir()
    (tmp_path / "nested" / "early.yaml").write_text(EARLY, encoding="utf-8")
    (tmp_path / "macro.yml").write_text(f"Transform: Macro\n{EARLY}", encoding="utf-8")
    (tmp_path / "values.yaml").write_text("a: 1\n", encoding="utf-8")
    (tmp_path / "broken.json").write_text("{", encoding="utf-8")
    return tmp_path


def test_it_counts_findings_and_what_was_not_checked(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(folder)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[:2] == ["E9404      1 findings in     1 files", "I9001      1 findings in     1 files"]
    assert lines[2].startswith("2 templates, 1 not checked, 0 crashes, ")
    assert lines[3] == "not checked: 1 templates: the macro Macro may change any resource"


def test_it_lists_the_findings_on_request(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(folder), "--list"]) == 0
    assert f"{folder / 'nested' / 'early.yaml'}: E9404 `Archive` → STANDARD_IA" in capsys.readouterr().out


def test_a_folder_that_does_not_exist_is_a_usage_error(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        main([str(tmp_path / "none")])
    assert "none is not a folder" in capsys.readouterr().err


def test_the_times_are_those_of_cfn_lint_without_and_with_the_rules() -> None:
    # A clock that goes on by one more at each reading: 1 and 3 for the first round, 5 and 7 for the second.
    readings = iter(number * (number + 1) / 2 for number in range(100))
    assert compare([EARLY], lambda: next(readings)) == (1, 3)
