"""The chat room: what people see in Slack and Teams, and what they can do there."""
