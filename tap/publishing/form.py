"""Render the product's form as the console shows it: groups, labels and constraints.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-cloudformation-interface.html
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from tap.deploy.constraints import is_no_echo
from tap.page.html import Markup, document, joined, tag
from tap.parts import INTERFACE
from tap.template.resolve import as_text

OTHER = "Other parameters"  # the console's heading for parameters without a group
_FIELD = "display:block;width:100%;max-width:34em;font:inherit;color:inherit;background:var(--panel);padding:4px 10px"


def groups(template: Mapping[str, Any]) -> list[tuple[str, list[str]]]:
    """Return the form's headings with the names of their parameters, in order."""
    declared = list(template.get("Parameters", {}))
    layout = template.get("Metadata", {}).get(INTERFACE, {}).get("ParameterGroups", [])
    listed = [(str(group.get("Label", {}).get("default", "")),
               [name for name in group["Parameters"] if name in declared]) for group in layout]
    rest = [name for name in declared if not any(name in names for _, names in listed)]
    return [*listed, (OTHER, rest)] if rest else listed


def form_page(template: Mapping[str, Any]) -> str:
    """Return the page of a template's form, with all text of the template escaped."""
    labels = template.get("Metadata", {}).get(INTERFACE, {}).get("ParameterLabels", {})
    parameters = template.get("Parameters", {})
    title = str(template.get("Description", "Form")).split(":")[0]
    sections = joined(
        (tag("section", tag("h2", heading), joined(_field(name, _label(labels, name), parameters[name])
                                                   for name in names)) for heading, names in groups(template)), "\n")
    required = sum("Default" not in declaration for declaration in parameters.values())
    head = tag("header", tag("h1", title), tag(
        "p", "Preview of this product's form in the Service Catalog console. Nothing you enter here is sent or stored.",
        class_="soft"),
               tag("ul", tag("li", tag("b", len(parameters)), "parameters"), tag("li", tag("b", required), "required"),
                   class_="facts"), class_="top")
    return document(f"Form: {title}", joined((head, tag("main", sections, _rules(template)))), scripted=False)


def _label(labels: Mapping[str, Any], name: str) -> str:
    return str(labels.get(name, {}).get("default", name))


def _field(name: str, label: str, declaration: Mapping[str, Any]) -> Markup:
    """Return one parameter: label, description, the field with its default, and its constraints."""
    needed = "" if "Default" in declaration else tag("span", "required", class_="badge disruptive")
    shown = tag("label", tag("b", label), " ", tag("code", name, class_="soft"), " ", needed, for_=name)
    description = tag("p", declaration.get("Description", ""), class_="soft")
    refuses = joined(tag("li", limit) for limit in limits(declaration))
    return tag("div", shown, description, _input(name, declaration),
               tag("ul", refuses, class_="plain soft") if refuses else "", class_="panel")


def _input(name: str, declaration: Mapping[str, Any]) -> Markup:
    default = as_text(declaration.get("Default", ""))
    values: Sequence[Any] = declaration.get("AllowedValues", ())
    if values:
        # Without a default, the console selects nothing.
        none = () if "Default" in declaration else (tag("option", "", value=""),)
        options = [tag("option", value or "(empty)", value=value, selected=value == default)
                   for value in map(as_text, values)]
        return tag("select", *none, *options, id=name, style=_FIELD)
    kind = "password" if is_no_echo(declaration) else "number" if declaration["Type"] == "Number" else "text"
    return tag("input", id=name, type=kind, value=default, style=_FIELD, autocomplete="off",
               step="any" if kind == "number" else None, maxlength=declaration.get("MaxLength"))


def limits(declaration: Mapping[str, Any]) -> Iterator[str]:
    """Yield a parameter's constraints, one per line; its own explanation comes first."""
    if text := declaration.get("ConstraintDescription"):
        yield str(text)
    if not str(declaration["Type"]).startswith(("String", "Number")):
        yield f"chosen from existing resources: {declaration['Type']}"
    for least, most, what in (("MinLength", "MaxLength", "characters"), ("MinValue", "MaxValue", "")):
        bounds = [str(declaration[key]) for key in (least, most) if key in declaration]
        if len(bounds) == 2:
            yield f"{' to '.join(bounds)} {what}".strip()
        elif bounds:
            yield f"{'at least' if least in declaration else 'at most'} {bounds[0]} {what}".strip()
    if pattern := declaration.get("AllowedPattern"):
        yield f"pattern: {pattern}"
    if is_no_echo(declaration):
        yield "hidden after entry"


def _rules(template: Mapping[str, Any]) -> Markup:
    descriptions = [assertion.get("AssertDescription", name) for name, rule in template.get("Rules", {}).items()
                    for assertion in rule["Assertions"]]
    if not descriptions:
        return Markup()
    return tag("section", tag("h2", "Rules"), tag("ul", *(tag("li", description) for description in descriptions)))
