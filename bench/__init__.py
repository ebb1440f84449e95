"""Measurements: how large the template is, and how long it takes to print."""
