"""What the tests rely on: they pass on a slow machine, in a script's background, and with the tools that they run."""

import ast
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import settings
from looping import some
from stack_view import ROOT
from tools import missing_tools


def test_no_property_has_a_deadline() -> None:
    assert settings.default is not None
    assert settings.default.deadline is None


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT"])
def test_a_process_gets_the_default_signal_though_it_is_ignored_here(name: str) -> None:
    report = f"import signal; print(signal.getsignal(signal.{name}) != signal.SIG_IGN)"
    program = (
        f"import signal, subprocess, sys; signal.signal(signal.{name}, signal.SIG_IGN)\n"
        "from processes import restore_signals; restore_signals()\n"
        f"subprocess.run([sys.executable, '-c', {report!r}], check=True); signal.raise_signal(signal.{name})\n")

    ran = subprocess.run([sys.executable, "-c", program], env={"PYTHONPATH": ":".join(sys.path)}, capture_output=True,
                         text=True, check=True)

    assert ran.stdout == "True\n"


def test_every_tool_is_installed_or_make_lint_installs_it() -> None:
    assert missing_tools() == set(), "tests that need these are skipped: make lint installs them"


def certainly_asserts(statement: ast.stmt, lists: set[str]) -> bool:
    """Whether running a statement runs an assertion; `lists` are the names of lists that are known not to be empty."""
    match statement:
        case ast.Assert():
            return True
        case ast.With(items=[ast.withitem(context_expr=ast.Call(func=ast.Attribute(attr="raises" | "warns"))), *_]):
            return True
        case ast.If():
            return all(any(certainly_asserts(each, lists) for each in branch)
                       for branch in (statement.body, statement.orelse))
        case ast.For(iter=ast.Call(func=ast.Name(id="some")) | ast.Tuple(elts=[_, *_]) | ast.List(elts=[_, *_])
                     | ast.Call(func=ast.Attribute(value=ast.Dict()))):
            return any(certainly_asserts(each, lists) for each in statement.body)
        case ast.For(iter=ast.Name(id=name)):
            return name in lists and any(certainly_asserts(each, lists) for each in statement.body)
        case ast.With() | ast.Try():
            return any(certainly_asserts(each, lists) for each in statement.body)
    return False


def test_no_test_asserts_only_in_a_loop_over_what_may_be_nothing_or_under_a_condition() -> None:
    idle = []
    for path in some(Path(__file__).parent.rglob("test_*.py")):
        for function in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(function, ast.FunctionDef) or not function.name.startswith("test_"):
                continue
            lists = {target.id for each in function.body if isinstance(each, ast.Assign)
                     and isinstance(each.value, ast.Call) and ast.unparse(each.value.func) == "some"
                     for target in each.targets if isinstance(target, ast.Name)}
            has_any = any(isinstance(each, ast.Assert) for each in ast.walk(function))
            if has_any and not any(certainly_asserts(each, lists) for each in function.body):
                idle.append(f"{path.name}:{function.lineno} {function.name}")
    assert idle == [], "loop over some(...), of tests/helpers/looping.py"


# How often each stands in the code for something that has a name of its own. It may become fewer, and no more.
NAMELESS = {"each": 8, "found": 43, "place": 41, "told": 7, "given": 11, "made": 0}


def test_what_has_a_name_is_not_called_each_or_found_more_often_than_before() -> None:
    names = Counter(node.id if isinstance(node, ast.Name) else node.arg
                    for folder in ("tap", "bench", "lambda") for path in (ROOT / folder).rglob("*.py")
                    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
                    if isinstance(node, ast.arg) or (isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)))
    assert {name: names[name] for name, most in NAMELESS.items() if names[name] > most} == {}
