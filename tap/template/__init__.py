"""The templates by name, their text, and their values in one environment."""
