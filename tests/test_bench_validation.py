"""What `make bench` says of the validation, and that it measures what the template carries."""

import pytest

from bench import validation


@pytest.mark.parametrize(("value", "kept", "line"), [
    (1.5, True, "check / json.loads" + " " * 23 + "1.50 of   3    50%"),
    (6.0, False, "check / json.loads" + " " * 23 + "6.00 of   3   200%  missed")])
def test_a_figure_stands_beside_its_limit(
        capsys: pytest.CaptureFixture[str], value: float, kept: bool, line: str) -> None:
    assert validation.verdict("check / json.loads", value, 3) is kept
    assert capsys.readouterr().out.splitlines() == [line]


def test_what_is_measured_is_accepted_but_for_the_one_that_is_to_be_refused() -> None:
    index = validation.load()
    codes = {name: index.check(one, validation.NOW)[0] for name, one in validation.TRANSACTIONS.items()}
    assert codes == dict.fromkeys(codes, "accepted") | {"refused": "amount_precision"}
    assert index.handler(validation.HTTP, None, clock=lambda: validation.NOW)["statusCode"] == 200


def test_the_least_of_several_rounds_counts() -> None:
    took = validation.microseconds({"nothing": lambda: None, "more": lambda: sum(range(1_000))}, 20)
    assert 0 <= took["nothing"] < took["more"]
