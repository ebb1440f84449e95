"""Deploy an environment through change sets that are reviewed first."""
