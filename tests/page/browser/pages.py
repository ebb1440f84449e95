"""Every page in a real browser: no errors, nothing fetched, folds and unfolds, and looks right in build/*.png.

`make pages` runs this file by its name; `make test`, which needs no browser, does not collect it.
"""

from pathlib import Path
from typing import Any

import pytest
from chromium import Browser
from stack_view import ENVIRONMENTS, StackView

from tap.page.plan_page import Content, plan_page
from tap.picture.architecture import architecture
from tap.picture.dashboard import dashboards
from tap.picture.dashboard_svg import to_svg as dashboard_svg
from tap.picture.formats import FORMATS
from tap.publishing.form import form_page

BUILD = Path(__file__).parents[3] / "build"
# What can be scrolled sideways by itself.
SIDEWAYS = """[...document.querySelectorAll('body *')].filter((each) => each.scrollWidth > each.clientWidth + 1
    && ['auto', 'scroll'].includes(getComputedStyle(each).overflowX)).map((each) => each.className)"""
FOLDED = "document.querySelectorAll('details.change:not([open])').length"


@pytest.fixture(params=["update", "new", "failed", "many"])
def page(request: pytest.FixtureRequest, template: dict[str, Any]) -> tuple[str, Content]:
    from page_fakes import content_of, failed_deployment, many

    made = {
        "update": lambda: content_of(template, {}, {"NatGateways": "single", "DatabaseReaderInstance": "false"},
                                     ("somebody else's change set is pending",)),
        "new": lambda: content_of(template, None, {}),
        "failed": lambda: failed_deployment(template),
        "many": lambda: many(400)}
    return request.param, made[request.param]()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_plan_page_opens_without_complaint(browser: Browser, page: tuple[str, Content], tmp_path: Path,
                                             scheme: str) -> None:
    name, content = page
    (tmp_path / "p.html").write_text(plan_page(content))
    browser.open(tmp_path / "p.html", scheme=scheme)
    browser.screenshot(BUILD / f"plan-{name}-{scheme}.png")
    assert browser.problems() == []
    assert browser.run("document.title").endswith(content.plan.env.stack_name)
    assert browser.run("document.documentElement.scrollWidth <= innerWidth")


def test_on_a_phone_nothing_scrolls_sideways_even_unfolded(
        browser: Browser, page: tuple[str, Content], tmp_path: Path) -> None:
    (tmp_path / "p.html").write_text(plan_page(page[1]))
    browser.open(tmp_path / "p.html", width=390, height=844)
    browser.run("document.querySelectorAll('details').forEach((each) => { each.open = true; })")
    assert browser.run("document.documentElement.scrollWidth <= innerWidth")
    assert browser.run(SIDEWAYS) == []


@pytest.mark.parametrize("width", [390, 1600])
def test_a_picture_is_as_wide_as_the_screen(
        browser: Browser, environments: dict[str, StackView], tmp_path: Path, width: int) -> None:
    found = architecture(environments["prod"].resolved, "prod", "tap-prod")
    content = FORMATS[".html"](found, "auto", "")
    assert isinstance(content, str)
    (tmp_path / "a.html").write_text(content)
    browser.open(tmp_path / "a.html", width=width, height=844)
    browser.run("document.querySelectorAll('details').forEach((each) => { each.open = true; })")
    assert browser.run("document.documentElement.scrollWidth <= innerWidth")
    assert browser.run(SIDEWAYS) == []


def test_each_label_of_the_picture_fits_its_plate(
        browser: Browser, environments: dict[str, StackView], tmp_path: Path) -> None:
    found = architecture(environments["prod"].resolved, "prod", "tap-prod")
    (tmp_path / "a.svg").write_text(str(FORMATS[".svg"](found, "light", "")))
    browser.open(tmp_path / "a.svg", width=1600, height=1000)
    assert browser.run("document.querySelectorAll('rect.paper + text').length") > 20
    assert browser.run("""[...document.querySelectorAll('rect.paper[rx] + text')].filter((text) => {
        const plate = text.previousElementSibling.getBBox(), label = text.getBBox();
        return label.x < plate.x - 1 || label.x + label.width > plate.x + plate.width + 1;
        }).map((text) => text.textContent)""") == []


def test_a_plan_page_folds_unfolds_and_filters(browser: Browser, page: tuple[str, Content], tmp_path: Path) -> None:
    (tmp_path / "p.html").write_text(plan_page(page[1]))
    browser.open(tmp_path / "p.html")
    folded = browser.run(FOLDED)
    assert folded == browser.run("document.querySelectorAll('details.change').length") > 0
    browser.run("document.getElementById('unfold').click()")
    assert browser.run(FOLDED) == 0
    browser.screenshot(BUILD / f"plan-{page[0]}-unfolded.png")
    browser.run("document.getElementById('fold').click()")
    assert browser.run(FOLDED) == folded
    first = page[1].plan.change_set.changes[0].logical_id
    browser.run(f"filter.value = '{first}'; filter.dispatchEvent(new Event('input'))")
    assert 0 < browser.run("document.querySelectorAll('details.change:not([hidden])').length") < folded
    assert browser.problems() == []


def test_a_change_unfolds_with_the_keyboard_alone(browser: Browser, page: tuple[str, Content], tmp_path: Path) -> None:
    (tmp_path / "p.html").write_text(plan_page(page[1]))
    browser.open(tmp_path / "p.html")
    folded = browser.run(FOLDED)
    browser.press("Tab")
    assert browser.run("document.activeElement.className") == "skip"
    for _ in range(300):
        if browser.run("document.activeElement.matches('details.change > summary')"):
            break
        browser.press("Tab")
    browser.press("Enter", "\r")
    assert browser.run(FOLDED) == folded - 1


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_products_form_opens_without_complaint(browser: Browser, template: dict[str, Any], tmp_path: Path,
                                                   scheme: str) -> None:
    (tmp_path / "form.html").write_text(form_page(template))
    browser.open(tmp_path / "form.html", scheme=scheme)
    browser.screenshot(BUILD / f"form-{scheme}.png")
    assert browser.problems() == []
    assert browser.run("document.querySelectorAll('input, select').length") == len(template["Parameters"])
    assert browser.run("document.documentElement.scrollWidth <= innerWidth")


def test_printing_unfolds_everything(browser: Browser, template: dict[str, Any], tmp_path: Path) -> None:
    from page_fakes import content_of

    (tmp_path / "p.html").write_text(plan_page(content_of(template, {}, {"LogRetentionDays": "30"})))
    browser.open(tmp_path / "p.html")
    assert browser.pdf(BUILD / "plan.pdf").startswith(b"%PDF")
    browser.run("dispatchEvent(new Event('beforeprint'))")
    assert browser.run("document.querySelectorAll('details:not([open])').length") == 0
    browser.run("dispatchEvent(new Event('afterprint'))")
    assert browser.run(FOLDED) > 0


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", ENVIRONMENTS)
def test_the_architecture_is_drawn_without_text_that_leaves_its_box(
        browser: Browser, environments: dict[str, StackView], tmp_path: Path, name: str, scheme: str) -> None:
    found = architecture(environments[name].resolved, name, f"tap-{name}")
    content = FORMATS[".html"](found, "auto", "")
    assert isinstance(content, str)
    (tmp_path / "a.html").write_text(content)
    browser.open(tmp_path / "a.html", width=1600, height=1000, scheme=scheme)
    browser.screenshot(BUILD / f"architecture-{name}-{scheme}.png", whole=True)
    assert browser.problems() == []
    wide = """[...document.querySelectorAll('g[data-id]')].filter((g) => {
        const box = g.querySelector('rect').getBoundingClientRect();
        return [...g.querySelectorAll('text')].some((text) => {
            const t = text.getBoundingClientRect();
            return t.right > box.right + 1 || t.left < box.left - 1 || t.bottom > box.bottom + 1; });
        }).map((g) => g.dataset.id)"""
    assert browser.run(wide) == []
    assert browser.run("getComputedStyle(document.querySelector('.paper')).fill") == {
        "light": "rgb(255, 255, 255)", "dark": "rgb(20, 24, 31)"}[scheme]


def test_the_dashboard_s_layout_is_drawn(
        browser: Browser, environments: dict[str, StackView], tmp_path: Path) -> None:
    (found,) = dashboards(environments["prod"].resolved)
    (tmp_path / "d.svg").write_text(dashboard_svg(found))
    browser.open(tmp_path / "d.svg", width=1600, height=1000)
    browser.screenshot(BUILD / "dashboard-prod.png", whole=True)
    assert browser.problems() == []
