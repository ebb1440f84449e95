"""Render a plan, or the deployment that it became, as one self-contained HTML page for reviewers."""
