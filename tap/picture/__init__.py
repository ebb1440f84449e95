"""Pictures of one environment: its architecture and its dashboard, drawn from the resolved template."""
