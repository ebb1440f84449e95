"""Which templates exist, a template as text, and what it comes to in one environment."""
