"""A plan, or what became of it, as one self-contained page for reviewers."""
