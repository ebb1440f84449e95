"""Parameters for whole numbers: strings with a pattern, since the type Number also accepts 30.5 and 1e1."""

from collections.abc import Iterator

from troposphere import Parameter, Template

from tap.parts import add_parameter


def add_whole_number(
        t: Template, group: str, label: str, title: str, default: int, low: int, high: int,
        description: str) -> Parameter:
    """Declare a parameter for a whole number from low to high, without leading zeros; return it."""
    return add_parameter(t, group, label, Parameter(
        title, Type="String", Default=str(default), AllowedPattern=whole_numbers(low, high),
        ConstraintDescription=f"must be a whole number from {low} to {high}", Description=description))


def whole_numbers(low: int, high: int) -> str:
    """Return a regular expression that matches the whole numbers from low (at least 0) to high."""
    zero = ["0"] if low == 0 else []
    low = max(low, 1)
    bounds = {digits: (max(low, 10 ** (digits - 1)), min(high, 10 ** digits - 1))
              for digits in range(len(str(low)), len(str(high)) + 1) if low <= high}
    full = [digits for digits, bound in bounds.items() if bound == (10 ** (digits - 1), 10 ** digits - 1)]
    all_of = [f"[1-9]{_digits(full[0] - 1, full[-1] - 1)}"] if full else []
    some_of = [part for digits, (first, last) in bounds.items() if digits not in full
               for part in _between(str(first), str(last))]
    return "|".join([*zero, *all_of, *some_of])


def _between(first: str, last: str) -> Iterator[str]:
    """Yield patterns for the numbers from first to last, which must have the same number of digits."""
    if len(first) == 1:
        yield f"[{first}-{last}]" if first != last else first
        return
    rest = len(first) - 1
    if first[0] == last[0]:
        yield from (first[0] + part for part in _between(first[1:], last[1:]))
        return
    start, end = int(first[0]), int(last[0])
    if first[1:] != "0" * rest:
        yield from (first[0] + part for part in _between(first[1:], "9" * rest))
        start += 1
    if last[1:] != "9" * rest:
        yield from (last[0] + part for part in _between("0" * rest, last[1:]))
        end -= 1
    if start <= end:
        yield (f"[{start}-{end}]" if start != end else str(start)) + _digits(rest, rest)


def _digits(fewest: int, most: int) -> str:
    match fewest, most:
        case 0, 0:
            return ""
        case 1, 1:
            return "[0-9]"
    return f"[0-9]{{{fewest}}}" if fewest == most else f"[0-9]{{{fewest},{most}}}"
