"""The command line: the only code that prints, prompts, or handles exit codes."""
