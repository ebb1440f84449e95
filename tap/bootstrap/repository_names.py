"""Names of repositories and their stacks, available without building the template."""

import re

from tap.bootstrap.settings import STACK

# https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_CreateRepository.html: repositoryName
NAME = r"(?:[a-z0-9]+(?:[._-][a-z0-9]+)*/)*[a-z0-9]+(?:[._-][a-z0-9]+)*"
KEEP = "KeepImages"  # the parameter with the number of images to keep


def stack_name(repository: str) -> str:
    """Return the name of a repository's stack, which may contain only letters, digits and hyphens."""
    return f"{STACK}-repository-{re.sub('[^a-z0-9]', '-', repository)}"
