"""The documents of docs/ that are generated."""
