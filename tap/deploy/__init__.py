"""Deploys an environment through reviewed change sets."""
