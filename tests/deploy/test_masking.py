"""What the mask hides, and what it leaves alone."""

import html
import json
from urllib.parse import quote, quote_plus

import pytest
from deploy_fakes import DEV, changed
from hypothesis import given
from hypothesis import strategies as st

from tap.deploy.masking import LONG, Mask, is_masked

AWKWARD = 'p"a ss\\wörd/&?<\'+%'


@pytest.mark.parametrize(("secret", "text"), [
    ("e", "paper, e-mail and the rest"), ("s", "it's"), ("12", "1234 and a12"), ("on", "condition"),
    ("-", "tap-dev"), ("table", "tables and TableName"), ("", "nothing"), ("hunter2", "hunter22 my_hunter2")])
def test_a_short_secret_leaves_other_words_alone(secret: str, text: str) -> None:
    assert Mask([secret])(text) == text


@pytest.mark.parametrize(("secret", "text", "masked"), [
    ("e", "value 'e' of Pin=e is too short: e", "value '****' of Pin=**** is too short: ****"),
    ("1234", "tap-1234-bucket, https://u:1234@host", "tap-****-bucket, https://u:****@host"),
    ("-", "value '-' is short", "value '****' is short"),
    ("p.", "use p. or q", "use **** or q")])
def test_a_short_secret_is_hidden_as_a_word_of_its_own(secret: str, text: str, masked: str) -> None:
    assert Mask([secret])(text) == masked


def test_a_long_secret_is_hidden_inside_other_words() -> None:
    assert Mask(["correcthorse"])("xcorrecthorsey") == "x****y"


def test_secrets_that_overlap_are_hidden_as_one() -> None:
    assert Mask(["abcdefgh", "efghijkl"])("<abcdefghijkl>") == "<****>"


def test_of_secrets_that_contain_each_other_nothing_is_left() -> None:
    assert Mask(["hunter2!", "hunter2!-and-more"])("hunter2!-and-more hunter2!") == "**** ****"


@pytest.mark.parametrize("written", [
    AWKWARD, json.dumps(AWKWARD)[1:-1], json.dumps(json.dumps({"Password": AWKWARD})), html.escape(AWKWARD),
    quote(AWKWARD), quote(AWKWARD, safe="").lower(), quote_plus(AWKWARD),
    json.dumps(AWKWARD, ensure_ascii=False)])
def test_a_secret_is_hidden_however_it_is_written(written: str) -> None:
    masked = Mask([AWKWARD])(f"before {written} after")

    assert "****" in masked
    assert "ss" not in masked.replace("Password", "")


def test_a_secret_of_several_lines_is_hidden_as_a_whole_in_one_line_and_line_by_line() -> None:
    key = "-----BEGIN KEY-----\nMIIEvQIBADANBgkq\nhkiG9w0BAQEFAASC\n"
    mask = Mask([key])

    for text in (key, " ".join(key.split()), *key.splitlines(), json.dumps(key)):
        masked = mask(text)
        assert "MIIE" not in masked
        assert "hkiG" not in masked


@given(st.lists(st.text(min_size=LONG), max_size=3), st.text(), st.text())
def test_no_long_secret_is_ever_legible(secrets: list[str], before: str, after: str) -> None:
    mask = Mask(secrets)

    assert [secret for secret in secrets if secret.strip("*") and secret in mask(f"{before}{secret}{after}")] == []


@pytest.mark.parametrize(("value", "stands_for_one"), [
    ("****", True), ("*****", True), ("***", False), ("*a***", False)])
def test_asterisks_are_what_aws_shows_of_a_secret(value: str, *, stands_for_one: bool) -> None:
    assert is_masked(value) is stands_for_one


def test_a_secret_that_is_part_of_the_environments_names_is_hidden_in_what_aws_says_alone() -> None:
    env = changed(DEV, parameters={"Password": "tap-dev"}, secrets=frozenset({"Password"}))

    assert env.masked("Invalid password tap-dev") == "Invalid password ****"
    assert env.unspeakable == []
