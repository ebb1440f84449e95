"""Write the artifacts of a rehearsal: the page of its first deployment and the architecture picture."""

from dataclasses import replace
from pathlib import Path

from tap.deploy.output import make_folder, write
from tap.page.plan_page import Content
from tap.page.write import write_content
from tap.picture.architecture import architecture
from tap.picture.svg import to_svg

REHEARSED = ("A rehearsal in an emulator: it creates no real resources, and its durations are not those of AWS.")


def write_rehearsal(folder: Path, content: Content) -> list[Path]:
    """Write page and picture of an environment to a folder and return their paths. Raises InputError."""
    env = content.plan.env
    make_folder(folder)
    page, picture = (folder / f"rehearsal-{env.name}.{ending}" for ending in ("html", "svg"))
    write_content(page, replace(content, notes=(REHEARSED, *content.notes)))
    write(picture, to_svg(architecture(content.after, env.name, env.stack_name)))
    return [page, picture]
