"""Write checks as JUnit XML, which CI systems display."""

from collections.abc import Sequence
from xml.etree import ElementTree as Xml

from tap.deploy.files import legible
from tap.rehearsal.checks import Check


def junit(suite: str, checks: Sequence[Check]) -> bytes:
    """Return a test suite with one test case per check; the actual state is its output."""
    count = {word: str(sum(check.result == word for check in checks)) for word in ("differs", "skipped")}
    root = Xml.Element("testsuite", {
        "name": suite, "tests": str(len(checks)), "failures": count["differs"], "errors": "0",
        "skipped": count["skipped"]})
    for check in checks:
        case = Xml.SubElement(root, "testcase", {"classname": suite, "name": check.name})
        if check.result == "skipped":
            Xml.SubElement(case, "skipped", {"message": legible(check.skipped)})
        elif check.result == "differs":
            failure = Xml.SubElement(case, "failure", {"message": f"expected: {legible(check.expected)}"})
            failure.text = legible(check.seen)
        else:
            Xml.SubElement(case, "system-out").text = legible(check.seen)
    text: bytes = Xml.tostring(root, encoding="utf-8", xml_declaration=True)
    return text
