"""TAP: one CloudFormation template for a transaction-processing application, and its deploy helper."""

__version__ = "0.1.0"
