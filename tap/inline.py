"""The source of the functions under `lambda/`, as the template carries it."""

import re
from pathlib import Path

# What Python does not need, in the functions' own style: a docstring is a line that begins with three quotes.
# That the program stays the same is tested, by its syntax tree; to parse it here would cost more than all of this.
LEFT_OUT = re.compile(r'^ *"""[^"]*(?:"{1,2}[^"]+)*"""\n|^ *#.*\n', re.MULTILINE)
BLANK_LINES = re.compile(r"\n{2,}")
INDENT = re.compile(r"^(?:    )+", re.MULTILINE)
# What may be shorter, and strings, so that nothing is taken for such in them: a trailing comment; an operator or comma
# in its spaces; the end of a line after a bracket or comma, which goes on in the next, or before a block of one return.
STRING = r"""("(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*')"""
SHORTER = re.compile(
    STRING + r"|  # .*$|(?<=\S) *([-+*/%|=<>!:,]+) +(?=\S)|(?<=[\[({,])\n *|(?<=:)\n *(?=return |raise )", re.MULTILINE)


def function_source(name: str) -> str:
    """Return the source of `lambda/<name>/index.py`, squeezed.

    Raises FileNotFoundError where the name is unknown.
    """
    here = Path(__file__).parent
    # Beside the package in the repository, inside it once installed from a wheel.
    root = next(folder for folder in (here / "lambda", here.parent / "lambda") if folder.is_dir())
    return squeeze((root / name / "index.py").read_text(encoding="utf-8"))


def squeeze(source: str) -> str:
    """Return Python source without docstrings, comments, blank lines and most of its white space, in single quotes.

    Names and the order of lines stay, so that it can be read where it is deployed. The source is one of this
    project's: four spaces a level, two before a trailing comment, and no string over several lines but docstrings.
    """
    def shorter(found: re.Match[str]) -> str:
        string = found[1]
        if string and "'" not in string and '\\"' not in string:
            # A minified template escapes double quotes.
            string = f"'{string[1:-1]}'"
        return string or found[2] or ""

    bare = BLANK_LINES.sub("\n", LEFT_OUT.sub("", source)).strip()
    bare = INDENT.sub(lambda found: " " * (len(found[0]) // 4), bare)
    return SHORTER.sub(shorter, bare) + "\n"
