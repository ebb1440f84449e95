"""The picture as it is drawn: nothing overlaps, nothing is left out, and it is the same every time."""

import itertools
import os
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable
from dataclasses import astuple
from pathlib import Path

import pytest
from geometry import holds
from looping import some
from stack_view import ENVIRONMENTS, ROOT

from tap.picture.boxes import lay_out
from tap.picture.formats import FORMATS, png
from tap.picture.layout import FACT_SIZE, TITLE_SIZE, WIDTH, Rect, item_height, wrapped
from tap.picture.model import Architecture, Item
from tap.picture.svg import to_svg

SVG = "{http://www.w3.org/2000/svg}"


@pytest.mark.parametrize("name", ENVIRONMENTS)
def test_every_item_and_subnet_is_drawn_once(name: str, architectures: dict[str, Architecture]) -> None:
    found = architectures[name]
    root = ElementTree.fromstring(to_svg(found))
    drawn = sorted(each.attrib["data-id"] for each in root.iter(f"{SVG}g"))
    assert drawn == sorted([*found.items, *(subnet.id for subnet in found.subnets)])


@pytest.mark.parametrize("name", ENVIRONMENTS)
def test_every_arrow_is_drawn_once_and_as_what_it_is(name: str, architectures: dict[str, Architecture]) -> None:
    found = architectures[name]
    root = ElementTree.fromstring(to_svg(found))
    drawn = sorted((each.attrib["data-from"], each.attrib["data-to"], each.attrib["data-kind"])
                   for each in root.iter(f"{SVG}path") if "data-from" in each.attrib)
    assert drawn == sorted((each.source, each.target, "traffic" if each.is_traffic else "reference")
                           for each in found.arrows)


@pytest.mark.parametrize("name", ENVIRONMENTS)
def test_boxes_are_nested_as_the_network_is(name: str, architectures: dict[str, Architecture]) -> None:
    found = architectures[name]
    layout = lay_out(found)
    assert layout.vpc
    assert all(holds(layout.vpc, zone) for zone in layout.zones.values())
    for subnet in found.subnets:
        assert holds(layout.zones[subnet.zone], layout.subnets[subnet.id])
    for item, subnets in found.spans.items():
        rows = [layout.subnets[each] for each in subnets]
        across = Rect(min(each.x for each in rows), rows[0].y, max(each.right for each in rows) - rows[0].x,
                      rows[0].height)
        assert holds(across, layout.items[item]), item
    for item, cluster in found.inside.items():
        assert holds(layout.items[cluster], layout.items[item])
    for group, members in found.groups.items():
        assert all(holds(layout.groups[group], layout.items[each]) for each in members)


@pytest.mark.parametrize("name", ENVIRONMENTS)
def test_no_two_boxes_overlap(name: str, architectures: dict[str, Architecture]) -> None:
    found = architectures[name]
    items = lay_out(found).items
    assert [(one, other) for one, other in itertools.combinations(items, 2)
            if items[one].overlaps(items[other]) and other != found.inside.get(one) != found.inside.get(other)
            and found.inside.get(other) != one] == []


def test_two_subnets_of_one_kind_in_a_zone_stand_below_each_other(drawn_of: Callable[..., Architecture]) -> None:
    found = drawn_of(NatGateways="none")
    assert {subnet.kind for subnet in found.subnets} == {"public", "isolated"}
    layout = lay_out(found)
    assert [(one, other) for one, other in itertools.combinations(layout.subnets, 2)
            if layout.subnets[one].overlaps(layout.subnets[other])] == []
    for item, subnets in found.spans.items():
        assert all(layout.subnets[each].y < layout.items[item].y < layout.subnets[each].bottom for each in subnets)


@pytest.mark.parametrize("name", ENVIRONMENTS)
def test_what_is_written_in_a_box_fits_and_a_heading_s_frame_ends_below_its_last_box(
        name: str, architectures: dict[str, Architecture]) -> None:
    found = architectures[name]
    layout = lay_out(found)
    assert all(rect.height >= item_height(found.items[each], rect.width) for each, rect in layout.items.items())
    for group, members in found.groups.items():
        assert layout.groups[group].bottom - layout.items[members[-1]].bottom == 14


@pytest.mark.parametrize("name", ENVIRONMENTS)
def test_all_is_laid_on_whole_pixels(name: str, architectures: dict[str, Architecture]) -> None:
    layout = lay_out(architectures[name])
    boxes = (layout.items, layout.subnets, layout.zones, layout.groups)
    for rect in some(rect for kind in boxes for rect in kind.values()):
        assert all(value == int(value) for value in astuple(rect))


@pytest.mark.parametrize("name", ENVIRONMENTS)
def test_everything_is_on_the_picture(name: str, architectures: dict[str, Architecture]) -> None:
    layout = lay_out(architectures[name])
    page = Rect(0, 0, WIDTH, layout.height)
    assert all(holds(page, rect) for rect in (*layout.items.values(), *layout.groups.values()))


def test_text_is_large_enough_to_read_at_the_width_of_the_picture() -> None:
    assert WIDTH == 1600
    assert TITLE_SIZE >= 14
    assert FACT_SIZE >= 12


def test_facts_are_broken_where_their_box_ends() -> None:
    assert wrapped(["one fact", "another fact"], 300) == ["one fact · another fact"]
    assert wrapped(["one fact", "another fact"], 120) == ["one fact", "another fact"]
    assert wrapped(["x" * 100], 120) == [f"{'x' * 12}…"]


def test_the_reader_s_setting_chooses_between_light_and_dark(architectures: dict[str, Architecture]) -> None:
    assert "prefers-color-scheme:dark" in to_svg(architectures["dev"])
    for theme in ("light", "dark"):
        assert "prefers-color-scheme" not in to_svg(architectures["dev"], theme)


def test_what_a_name_says_is_text_and_not_markup() -> None:
    item = Item("<script>", "", "data", '<script>alert("&")</script>', ("<b>",), ("<script>",))
    drawn = to_svg(Architecture("e", "<script>", "r", None, (), {"<script>": item}, (), groups={"Data": ("<script>",)}))
    assert "<script" not in drawn
    ElementTree.fromstring(drawn)


def test_the_picture_of_the_readme_is_up_to_date(architectures: dict[str, Architecture]) -> None:
    committed = (ROOT / "docs/architecture.svg").read_text(encoding="utf-8")
    assert committed == to_svg(architectures["prod"]), "run: tap diagram prod -o docs/architecture.svg"


def test_its_bytes_do_not_depend_on_the_process(tmp_path: Path) -> None:
    script = ("import sys; from pathlib import Path; from tap.deploy.template import rendered_template as t;"
              "from tap.deploy.output import resolved_environment as r; from tap.picture.architecture import "
              "architecture as a; from tap.picture.formats import FORMATS as f; e, x = r('dev', Path(), t());"
              "[Path(sys.argv[1], n).write_text(f[n](a(x, 'dev', 'tap-dev'), 'auto', ''))"
              " for n in ('.svg', '.mmd', '.html')]")
    for seed in "12":
        (tmp_path / seed).mkdir()
        subprocess.run([sys.executable, "-c", script, str(tmp_path / seed)], check=True, cwd=ROOT,
                       env={**os.environ, "PYTHONHASHSEED": seed})
    for name in (".svg", ".mmd", ".html"):
        assert (tmp_path / "1" / name).read_bytes() == (tmp_path / "2" / name).read_bytes()


def test_a_png_has_the_width_of_the_picture(architectures: dict[str, Architecture]) -> None:
    content = FORMATS[".png"](architectures["dev"], "auto", "")
    assert isinstance(content, bytes)
    assert content.startswith(b"\x89PNG")
    assert int.from_bytes(content[16:20]) == WIDTH
    assert png(to_svg(architectures["dev"], "dark")) != content


def test_the_root_logger_is_left_as_it_was() -> None:
    script = "import logging, tap.picture.boxes; print(logging.root.handlers)"
    run = subprocess.run([sys.executable, "-c", script], check=True, cwd=ROOT, capture_output=True, text=True)
    assert run.stdout == "[]\n"


def test_without_the_library_for_it_a_png_says_what_to_install() -> None:
    script = ("import sys; sys.modules['resvg_py'] = None; from tap.picture.formats import png; "
              "from tap.deploy.models import InputError\n"
              "try: png('<svg/>')\nexcept InputError as error: print(error)")
    told = subprocess.run([sys.executable, "-c", script], check=True, cwd=ROOT, capture_output=True, text=True).stdout
    assert told == (
        "PNG output requires resvg: install it with pip install -e '.[picture]', or write .svg, .html or .mmd\n")
