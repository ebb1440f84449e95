"""The validators, over every environment."""
