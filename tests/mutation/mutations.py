"""Mutations of Python that Cosmic Ray lacks: a check, a call, a name or an element of a list goes."""

from collections.abc import Iterator
from typing import Any

from parso import parse

Node = Any  # of parso, which has no annotations
_LISTS = ("testlist_comp", "dictorsetmaker", "arglist")
_LEAST = 4  # of fewer, such as a pair, each is used by its index, and a test that runs the line fails


def is_code(node: Node) -> bool:
    """Whether a node is more than an annotation, an import or a docstring."""
    while parent := node.parent:
        if (parent.type == "annassign" and node is parent.children[1]) or (
                parent.type == "tfpdef" and node is not parent.children[0]):
            return False
        if parent.type in ("import_from", "import_name", "decorator") or node is getattr(parent, "annotation", None):
            return False
        node = parent
    return True


class RemoveStatement:
    """A check no longer raises, a call is no longer made."""

    def mutation_positions(self, node: Node) -> Iterator[Any]:
        if node.type == "raise_stmt" or (node.type == "simple_stmt" and _is_call(node.children[0])):
            yield node.start_pos, node.end_pos

    def mutate(self, node: Node, _index: int) -> Node:
        statement = node.children[0] if node.type == "simple_stmt" else node
        code = statement.get_code()
        prefix = code[:len(code) - len(code.lstrip())]
        return parse(f"{prefix}pass" + ("\n" if node.type == "simple_stmt" else ""))  # type: ignore[no-untyped-call]


class ReplaceName:
    """A text that is a name, such as a property's, is another one."""

    def mutation_positions(self, node: Node) -> Iterator[Any]:
        if node.type == "string" and node.parent.type not in ("strings", "simple_stmt") and " " not in node.value:
            yield node.start_pos, node.end_pos

    def mutate(self, node: Node, _index: int) -> Node:
        node.value = f"{node.value[:-1]}X{node.value[-1]}"
        return node


class RemoveElement:
    """A list, a set, a dictionary or a call has one element or keyword less."""

    def mutation_positions(self, node: Node) -> list[Any]:
        return [(node.children[start].start_pos, node.children[stop - 1].end_pos)
                for start, stop in (self._elements(node) if node.type in _LISTS else [])]

    def mutate(self, node: Node, index: int) -> Node:
        start, stop = self._elements(node)[index]
        del node.children[start:stop]
        return node

    @staticmethod
    def _elements(node: Node) -> list[tuple[int, int]]:
        """Return where each element that can go begins and ends, its comma included."""
        found, start = [], 0
        for index, child in enumerate([*node.children, None]):
            if child is None or child == ",":
                if start < index:
                    found.append((start, min(index + 1, len(node.children))))
                start = index + 1
        if any("comp_for" in child.type for child in node.children):
            return []
        if node.type == "arglist":
            found = [(start, stop) for start, stop in found if "=" in node.children[start].get_code()
                     and node.children[start].type == "argument"]
            return found
        return found if len(found) >= _LEAST else []


class RemoveFilter:
    """A comprehension takes everything."""

    def mutation_positions(self, node: Node) -> Iterator[Any]:
        if node.type == "comp_if":
            yield node.start_pos, node.end_pos

    def mutate(self, _node: Node, _index: int) -> Node:
        return parse(" if True")  # type: ignore[no-untyped-call]


OPERATORS = (RemoveStatement, ReplaceName, RemoveElement, RemoveFilter)


def _is_call(node: Node) -> bool:
    last = node.children[-1] if node.type in ("atom_expr", "power") else node
    return bool(last.type == "trailer" and last.children[0] == "(")
