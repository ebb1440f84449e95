"""Lint of the templates, for every environment."""
