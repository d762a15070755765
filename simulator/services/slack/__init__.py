"""Slack: incoming webhooks and the two web API methods that post and update messages."""
