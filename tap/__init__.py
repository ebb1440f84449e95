"""TAP: a CloudFormation template for a transaction-processing application, and a command to deploy it."""

__version__ = "0.1.0"
