"""What the hub tells its operator: logs and metrics."""
