"""TAP: one CloudFormation template for a transaction-processing application, and its deploy helper."""
