"""Estimate the monthly cost of an environment from the resolved template, a price table and assumptions about use."""
