"""I9001: template, or resources of it, that the wiring rules do not check."""

from typing import Any

from cfnlint.rules import RuleMatch

from tap.wiring.graph import generating, graph_of
from tap.wiring.rule import WiringRule


class LeftOut(WiringRule):
    """The template does not contain what a transform generates."""

    id = "I9001"
    shortdesc = "Part of a template that the wiring rules do not check"
    description = (
        "A macro may change any resource, so a template with one is not checked. SAM generates functions, roles, "
        "permissions and policies, so SAM resources and connections of resources that they refer to are not checked.")
    source_url = (
        "https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/"
        "sam-specification-generated-resources.html")
    fix = "Lint the processed template: aws cloudformation get-template --template-stage Processed."

    def match(self, cfn: Any) -> list[RuleMatch]:
        """Return why the template is not checked, or which resources of it are not."""
        obstacle = graph_of(cfn).left_out
        if obstacle:
            return [RuleMatch(["Resources"], f"The wiring rules do not check this template: {obstacle}. {self.fix}")]
        names = ", ".join(f"`{name}`" for name in generating(cfn.template))
        return [RuleMatch(["Resources"], f"The wiring rules do not check the resources generated from {names}. "
                                         f"{self.fix}")
                ] if names else []
