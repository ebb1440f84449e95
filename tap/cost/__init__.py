"""What an environment costs a month, from the resolved template, a price table and assumptions about its use."""
