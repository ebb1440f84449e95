"""`make fuzz`: a few hundred thousand examples of what holds of the validation, in parts that workers share."""

import pytest
from loading import TABLE, load
from properties import MEMORY, PROPERTIES, Property, hold, name_of

EXAMPLES = 250_000
PARTS = range(20)
WEIGHTS = sum(one.weight for one in PROPERTIES)


@pytest.mark.parametrize("_part", PARTS)
@pytest.mark.parametrize("one", PROPERTIES, ids=name_of)
def test_it_holds_that(one: Property, _part: int) -> None:
    hold(one, load("validation"), EXAMPLES * one.weight // WEIGHTS // len(PARTS))


@pytest.mark.parametrize("_part", PARTS)
def test_it_holds_that_an_id_stands_for_one_content_in_an_account(_part: int) -> None:
    hold(MEMORY, load("validation", **TABLE), EXAMPLES // 10 // len(PARTS))
