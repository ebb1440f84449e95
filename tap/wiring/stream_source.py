"""E9208: event source for a table without a stream."""

from collections.abc import Iterator

from tap.wiring.graph import Stack
from tap.wiring.rule import Broken, WiringRule
from tap.wiring.values import references

MAPPING = "AWS::Lambda::EventSourceMapping"
TABLE = "AWS::DynamoDB::Table"


class StreamSource(WiringRule):
    """A function reads the stream of a table, not the table."""

    id = "E9208"
    shortdesc = "Event source for a table without a stream"
    description = (
        "Lambda reads a table's stream, which StreamSpecification enables. Its ARN is the attribute StreamArn; Lambda "
        "rejects the table's own ARN.")
    source_url = "https://docs.aws.amazon.com/lambda/latest/dg/with-ddb.html"
    error = "Unrecognized event source … / Attribute 'StreamArn' does not exist"
    fix = "Set StreamSpecification on the table, and set EventSourceArn to its StreamArn."
    types = (MAPPING, TABLE)

    def broken(self, stack: Stack) -> Iterator[Broken]:
        """Yield event source mappings of tables without a stream, or not of their stream."""
        for mapping in stack.of_type(MAPPING):
            value = mapping.at("EventSourceArn")
            table = stack.target(value, TABLE)
            if not table:
                continue
            attributes = {found.attribute for found in references(value) if found.logical_id == table.logical_id}
            if table.at("StreamSpecification") is None:
                yield Broken(mapping, table, "EventSourceArn", "the table has no stream")
            elif attributes == {"Arn"}:
                yield Broken(mapping, table, "EventSourceArn", "it is the ARN of the table, not of its stream")
