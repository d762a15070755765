"""Slack: incoming webhooks, the web API, and what Slack sends to the app."""
