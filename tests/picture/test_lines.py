"""Lines and labels: a line ends at a box or passes it, and nothing runs through what is written."""

import itertools
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from looping import some
from stack_view import ENVIRONMENTS, EXISTING_VPC, StackView

from tap.picture.boxes import lay_out
from tap.picture.difference import compare
from tap.picture.layout import Layout, Rect
from tap.picture.model import Architecture
from tap.picture.routes import Route, routes
from tap.picture.svg import to_svg

SVG = "{http://www.w3.org/2000/svg}"
PAIRS = [f"{first} against {second}" for first, second in itertools.permutations(ENVIRONMENTS, 2)]
OTHERS: dict[str, dict[str, str]] = {
    "defaults": {}, "existing VPC": EXISTING_VPC,
    "everything": {
        "InterfaceEndpoints": "true", "NatGateways": "one-per-az", "DomainName": "pay.example.com",
        "HostedZoneId": "Z1", "CdnDomainName": "cdn.example.com",
        "CdnCertificateArn": "arn:aws:acm:us-east-1:123456789012:certificate/1",
        "WorkerCommand": "work", "WorkerQueue": "true"}}


@dataclass(frozen=True)
class Drawn:
    """An architecture with its layout and its lines, which take long to compute."""

    found: Architecture
    layout: Layout
    ways: list[Route]


Segment = tuple[tuple[float, float], tuple[float, float]]


@pytest.fixture(scope="module", params=[*ENVIRONMENTS, *PAIRS, *OTHERS])
def drawn(request: pytest.FixtureRequest, architectures: dict[str, Architecture], environments: dict[str, StackView],
          drawn_of: Callable[..., Architecture]) -> Drawn:
    first, against, second = request.param.partition(" against ")
    if against:
        found = compare(architectures[first], architectures[second],
                        (environments[first].resolved, environments[second].resolved))
    else:
        found = drawn_of(**OTHERS[first]) if first in OTHERS else architectures[first]
    layout = lay_out(found)
    return Drawn(found, layout, some(routes(found, layout)))


def segments(way: Route) -> list[Segment]:
    return list(itertools.pairwise(way.points))


def runs_through(segment: Segment, rect: Rect) -> bool:
    (x, y), (other_x, other_y) = segment
    return (min(x, other_x) < rect.right - 1 and max(x, other_x) > rect.x + 1
            and min(y, other_y) < rect.bottom - 1 and max(y, other_y) > rect.y + 1)


def test_no_line_runs_behind_a_box_that_it_does_not_end_at(drawn: Drawn) -> None:
    found, behind = drawn.found, []
    for way in drawn.ways:
        ends = {way.arrow.source, way.arrow.target}
        own = ends | {found.inside.get(end) for end in ends} | {
            part for part, whole in found.inside.items() if whole in ends}
        behind += [(way.arrow, name) for name, rect in drawn.layout.items.items() if name not in own
                   and any(runs_through(segment, rect) for segment in segments(way))]
    assert behind == []


def test_every_line_begins_and_ends_at_the_edge_of_its_boxes(drawn: Drawn) -> None:
    for way in some(drawn.ways):
        for name, (x, y) in ((way.arrow.source, way.points[0]), (way.arrow.target, way.points[-1])):
            rect = drawn.layout.items[name]
            assert rect.x <= x <= rect.right, way.arrow
            assert rect.y <= y <= rect.bottom, way.arrow
            assert x in (rect.x, rect.right) or y in (rect.y, rect.bottom), way.arrow


def test_no_label_covers_another_label_or_a_box(drawn: Drawn) -> None:
    labelled = some(way for way in drawn.ways if way.arrow.label)
    for one, other in itertools.combinations(labelled, 2):
        assert not one.plate.overlaps(other.plate), (one.arrow, other.arrow)
    for way in labelled:
        assert [name for name, rect in drawn.layout.items.items() if way.plate.overlaps(rect)] == [], way.arrow


def test_no_line_strikes_through_a_label_which_stands_on_a_plate_above_all_lines(drawn: Drawn) -> None:
    elements = list(ElementTree.fromstring(to_svg(drawn.found)))
    last_line = max(place for place, each in enumerate(elements) if "data-from" in each.attrib)
    for way in some(way for way in drawn.ways if way.arrow.label):
        plate = {"x": f"{way.plate.x:g}", "y": f"{way.plate.y:g}", "width": f"{way.plate.width:g}"}
        place, = (place for place, each in enumerate(elements) if each.get("class") == "paper"
                  and plate.items() <= each.attrib.items())
        assert place > last_line
        text = elements[place + 1]
        assert (text.tag, text.text) == (f"{SVG}text", way.arrow.label)


def test_a_line_past_other_boxes_goes_above_or_below_them(drawn_of: Callable[..., Architecture]) -> None:
    found: Any = drawn_of(NatGateways="one-per-az")
    layout = lay_out(found)
    way, = (way for way in routes(found, layout) if (way.arrow.source, way.arrow.target) == ("Alarms", "NatGateway1"))
    assert way.points[-1][1] in (layout.items["NatGateway1"].y, layout.items["NatGateway1"].bottom)
