"""`tap publish`: a version is made once, whatever happens, and never overwritten."""

import hashlib
import io
import json
import os
import sys
from pathlib import Path

import pytest
from documents import document
from memory_publishing import TEMPLATE, Tap
from memory_service import refusal

from tap.publishing.versions import description_of

DIGEST = hashlib.sha256(json.dumps(TEMPLATE).encode()).hexdigest()
URL = f"https://artifacts-123456789012-eu-west-1.s3.eu-west-1.amazonaws.com/{DIGEST}"


def names(tap: Tap) -> list[str]:
    return [each["Name"] for each in tap.catalog.artifacts]


def made(tap: Tap) -> int:
    return tap.catalog.calls.count("create_provisioning_artifact")


def test_the_newest_section_of_the_changelog_becomes_a_version(tap: Tap) -> None:
    assert tap("publish", "--yes") == 0
    version, = tap.catalog.artifacts
    assert (version["Name"], version["Description"]) == (
        "1.1.0", f"### Added\n\n- A topic.\n\nTemplate: sha256:{DIGEST}")
    assert tap.out.endswith("Published: version 1.1.0.\n")


def test_the_template_lies_in_the_bucket_under_the_hash_of_its_bytes(tap: Tap) -> None:
    tap("publish", "--yes")
    assert list(tap.catalog.urls.values()) == [URL]
    assert tap.bucket.objects == {DIGEST: (tap.root / "templates/tap.yaml").read_bytes()}


def test_run_again_it_publishes_nothing(tap: Tap) -> None:
    tap("publish", "--yes")
    assert tap("publish") == 0
    assert names(tap) == ["1.1.0"]
    assert tap.out.endswith("Already published: version 1.1.0.\n")
    assert made(tap) == 1


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_lost_answer_makes_no_second_version(tap: Tap, when: str) -> None:
    tap.catalog.lose("create_provisioning_artifact", when, times=2)
    assert tap("publish", "--yes") == 0
    assert names(tap) == ["1.1.0"]
    assert made(tap) == {"before": 3, "after": 1}[when]


def test_a_refused_second_try_of_the_client_counts_as_published_where_the_version_is_there(tap: Tap) -> None:
    # botocore tried again by itself after the first answer was lost, and Service Catalog refused that.
    tap.catalog.faults["create_provisioning_artifact"] = [("after", refusal("InvalidParametersException"))]
    assert tap("publish", "--yes") == 0
    assert names(tap) == ["1.1.0"]


def test_an_interrupted_publication_is_finished_by_the_next_run(tap: Tap) -> None:
    tap.catalog.faults["create_provisioning_artifact"] = [("after", KeyboardInterrupt())]
    assert tap("publish", "--yes") == 130
    assert tap("publish", "--yes") == 0
    assert names(tap) == ["1.1.0"]


def test_the_same_content_has_the_same_token_in_every_run(tap: Tap) -> None:
    tap.catalog.faults["create_provisioning_artifact"] = [("before", KeyboardInterrupt())]
    tap("publish", "--yes")
    tap("publish", "--yes")
    first, second = (request["IdempotencyToken"] for name, request in tap.catalog.requests
                     if name == "create_provisioning_artifact")
    assert first == second


def test_a_throttled_request_is_tried_again(tap: Tap) -> None:
    tap.catalog.faults["create_provisioning_artifact"] = [("before", refusal("ThrottlingException"))] * 3
    assert tap("publish", "--yes") == 0
    assert names(tap) == ["1.1.0"]


def test_a_refusal_by_aws_is_told_and_makes_nothing(tap: Tap) -> None:
    tap.catalog.faults["create_provisioning_artifact"] = [("before", refusal("LimitExceededException", "too many"))]
    assert tap("publish", "--yes") == 1
    assert tap.err == "tap: Service Catalog rejected Call (LimitExceededException): too many\n"
    assert names(tap) == []


@pytest.mark.parametrize(("description", "said"), [
    ("by hand", "with a template that tap did not publish"),
    (f"Template: sha256:{'0' * 64}", "with another template"),
])
def test_a_version_that_is_taken_is_not_overwritten(tap: Tap, description: str, said: str) -> None:
    tap.catalog.add("1.1.0", description)
    assert tap("publish", "--yes") == 4
    assert said in tap.err
    assert [each["Description"] for each in tap.catalog.artifacts] == [description]
    assert tap.bucket.objects == {}


def test_a_template_that_is_the_newest_versions_is_refused(tap: Tap) -> None:
    tap("publish", "--version", "1.0.0", "--yes")
    assert tap("publish", "--yes") == 4
    assert tap.err == "tap: the template is the same as in version 1.0.0: nothing to publish\n"


def test_an_older_versions_template_may_be_published_again(tap: Tap) -> None:
    tap.catalog.add("0.8.0", description_of("old", DIGEST))
    tap.catalog.add("0.9.0", description_of("a mistake", "0" * 64))
    assert tap("publish", "--yes") == 0


def test_a_template_whose_version_failed_may_be_published_under_another_number(tap: Tap) -> None:
    id_ = tap.catalog.add("1.0.0", description_of("failed", DIGEST))
    tap.catalog.states[id_] = ["FAILED"]
    assert tap("publish", "--yes") == 0
    assert names(tap) == ["1.0.0", "1.1.0"]


def test_a_version_that_service_catalog_cannot_make_fails(tap: Tap) -> None:
    tap.catalog.states["pa-1"] = ["CREATING", "FAILED"]
    assert tap("publish", "--yes") == 1
    assert "could not create version 1.1.0" in tap.err


def test_a_version_that_somebody_published_at_the_same_time_is_told(tap: Tap) -> None:
    def publish_too() -> None:
        tap.catalog.add("1.1.0", "another")

    tap.catalog.hooks["create_provisioning_artifact"] = publish_too
    assert tap("publish", "--yes") == 1
    assert "2 versions 1.1.0 exist (pa-1, pa-2)" in tap.err


def test_all_but_the_newest_are_deprecated_and_none_is_deleted(tap: Tap) -> None:
    tap.write("parameters/catalog.toml", "keep = 2\n")
    tap.commit()
    for name in ("0.1.0", "0.2.0", "0.3.0"):
        tap.catalog.add(name)
    tap.catalog.add("0.2.1", Active=False)
    assert tap("publish", "--yes") == 0
    assert {each["Name"]: each["Guidance"] for each in tap.catalog.artifacts} == {
        "0.1.0": "DEPRECATED", "0.2.0": "DEPRECATED", "0.3.0": "DEFAULT", "0.2.1": "DEFAULT", "1.1.0": "DEFAULT"}
    assert "Deprecated: 0.1.0, 0.2.0 (the latest 2 stay active)." in tap.out


def test_a_deprecation_that_failed_is_made_up_for_by_the_next_run(tap: Tap) -> None:
    tap.write("parameters/catalog.toml", "keep = 1\n")
    tap.commit()
    tap.catalog.add("0.1.0")
    tap.catalog.faults["update_provisioning_artifact"] = [("before", refusal("ResourceNotFoundException"))]
    assert tap("publish", "--yes") == 1
    assert tap("publish", "--yes", "--json") == 0
    assert document(tap.out, "publish") | {"product": ""} == {
        "product": "", "version": "1.1.0", "sha256": DIGEST, "outcome": "already published", "error": None,
        "deprecated": ["0.1.0"]}


def test_without_an_answer_nothing_is_published(tap: Tap, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(""))
    assert tap("publish") == 3
    assert names(tap) == []
    assert tap.bucket.objects == {}


@pytest.mark.parametrize("file", ["templates/tap.yaml", "new file.txt"])
def test_what_is_not_committed_is_not_published(tap: Tap, file: str) -> None:
    tap.write(file, (tap.root / "templates/tap.yaml").read_text() + "\n")
    assert tap("publish", "--yes") == 4
    assert f"uncommitted changes: {file}." in tap.err
    assert tap.catalog.calls == []


def test_a_failing_lint_is_not_published(tap: Tap) -> None:
    tap.problems = ["cfn-lint E3012 Topic: wrong"]
    assert tap("publish", "--yes") == 2
    assert tap.err == "tap: cfn-lint reports errors in the template:\n  - cfn-lint E3012 Topic: wrong\n"
    assert tap.catalog.calls == []


def test_a_committed_template_that_is_not_what_is_generated_is_not_published(tap: Tap) -> None:
    tap.document = {**TEMPLATE, "Resources": {}}
    assert tap("publish", "--yes") == 2
    assert "templates/tap.yaml is out of date" in tap.err


@pytest.mark.parametrize(("content", "why"), [
    (None, "No such file or directory"), (b"\xff", "it is not UTF-8 text")], ids=["missing", "bytes"])
def test_a_template_that_cannot_be_read_is_one_line(tap: Tap, content: bytes | None, why: str) -> None:
    path = tap.root / "templates/tap.yaml"
    path.unlink()
    if content:
        path.write_bytes(content)
    tap.commit()
    assert tap("publish", "--yes") == 2
    assert tap.err == f"tap: cannot read templates/tap.yaml ({why}): run make template and commit the file\n"


def test_outside_of_a_repository_nothing_is_published(tap: Tap, tmp_path_factory: pytest.TempPathFactory) -> None:
    (tap.root / ".git").rename(tmp_path_factory.mktemp("away") / "git")
    assert tap("publish", "--yes") == 2
    assert "git cannot check that everything is committed" in tap.err


@pytest.mark.parametrize(("text", "said"), [
    ("# Changelog\n\n## [Unreleased]\n", "has no version: add a heading"),
    ("## [1.0.0] - 2026-03-01\n\n## [0.9.0]\n\n- Old.\n", "section [1.0.0] is empty"),
    ("## [1.0.0] - 2026-03-01 [YANKED]\n\n- Bad.\n", "version 1.0.0 was yanked"),
])
def test_a_changelog_that_says_nothing_of_the_version_is_refused(tap: Tap, text: str, said: str) -> None:
    tap.write("CHANGELOG.md", text)
    tap.commit()
    assert tap("publish", "--yes") == 2
    assert said in tap.err


@pytest.mark.parametrize("heading", [
    "## 1.2.0", "## [v1.2.0]", "## [1.2]", "## [1.2.0] \u2013 2026-03-03", "# [1.2.0]", " ## [1.2.0]", "##[1.2.0]",
    "## [1.2.0](https://example.com) - 2026-03-03"])
def test_a_heading_that_is_none_of_a_version_is_told_and_not_passed_over(tap: Tap, heading: str) -> None:
    tap.write("CHANGELOG.md", f"# Changelog\n\n## [Unreleased]\n\n{heading}\n\n- New.\n\n## [1.1.0]\n\n- Old.\n")
    tap.commit()
    assert tap("publish", "--yes") == 2
    assert tap.err == (f"tap: CHANGELOG.md:5: {heading.strip()} is not a version heading: write it as ## [1.0.0] - "
                       "2026-03-01\n")


def test_a_version_in_a_comment_is_none(tap: Tap) -> None:
    tap.write("CHANGELOG.md", "<!--\n## [9.9.9]\n\n- x\n-->\n## [1.0.0]\n\n- First.\n")
    tap.commit()
    assert tap("publish", "--yes") == 0
    assert names(tap) == ["1.0.0"]


@pytest.mark.skipif(sys.platform == "darwin", reason="its file systems take UTF-8 alone")
def test_a_file_whose_name_is_no_text_is_not_committed_either(tap: Tap) -> None:
    Path(os.fsdecode(os.fsencode(tap.root) + b"/a\xff")).touch()
    assert tap("publish", "--yes") == 4
    assert "uncommitted changes: a\\xff." in tap.err


def test_a_version_that_the_changelog_does_not_have_is_refused(tap: Tap) -> None:
    assert tap("publish", "--version", "1.2.0", "--yes") == 2
    assert tap.err == "tap: CHANGELOG.md has no section [1.2.0]; the latest is [1.1.0]\n"


def test_without_a_catalog_the_command_that_makes_it_is_told(tap: Tap) -> None:
    tap.aws.stacks.clear()
    assert tap("publish", "--yes") == 2
    assert "stack catalog-tap has no output ProductId: run tap catalog deploy" in tap.err
    assert ", or use --product prod-…" in tap.err


def test_without_a_bucket_its_setting_is_told(tap: Tap) -> None:
    tap.write("parameters/targets.toml", "")
    tap.commit()
    assert tap("publish", "--yes") == 2
    assert "no bucket for the template is set" in tap.err
    assert names(tap) == []


def test_another_account_than_the_catalogs_is_refused(tap: Tap) -> None:
    tap.write("parameters/catalog.toml", 'accounts = ["999999999999"]\n')
    tap.commit()
    assert tap("publish", "--yes") == 4
    assert tap.catalog.calls == []


def test_a_long_description_is_shortened_to_what_service_catalog_takes() -> None:
    made = description_of("x" * 10_000, DIGEST)
    assert len(made) == 8192
    assert made.endswith(f"x…\n\nTemplate: sha256:{DIGEST}")


@pytest.mark.parametrize(("text", "said"), [
    ("keep = 0", "keep must be a whole number of at least 1"),
    ("kep = 1", "has an unknown key kep: did you mean keep?"),
    ('share_with = ["everybody"]', 'share_with "everybody" must be the id of an account'),
    ("[parameters]\nPortfolio = false", "put the value of Portfolio in quotes"),
    ("keep = 1 2", "parameters/catalog.toml:1:10:"),
])
def test_a_wrong_setting_is_one_line(tap: Tap, text: str, said: str) -> None:
    tap.write("parameters/catalog.toml", text)
    tap.commit()
    assert tap("publish", "--yes") == 2
    assert said in tap.err
    assert len(tap.err.splitlines()) == 1


def test_the_committed_settings_are_read(root: Path) -> None:
    from tap.publishing.catalog_settings import read_catalog

    assert read_catalog(root).env.stack_name == "catalog-tap"
