"""How large the template is, against what CloudFormation takes: `python -m bench.size`."""

from dataclasses import dataclass

# From a bucket: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html
MAXIMUM_BYTES = 1_048_576


@dataclass(frozen=True)
class Size:
    """A template's number of resources and the bytes of its text."""

    resources: int
    bytes: int

    def __str__(self) -> str:
        """Return both, and the share of the maximum, as a line of text."""
        return f"{self.resources:,} resources, {self.bytes:,} bytes: {self.bytes / MAXIMUM_BYTES:.0%} of the maximum"


def template_size() -> Size:
    """Return the size of the project's template."""
    from tap.stack import build
    from tap.template.render import to_text

    template = build()
    return Size(len(template.resources), len(to_text(template).encode()))


if __name__ == "__main__":
    print(template_size())
