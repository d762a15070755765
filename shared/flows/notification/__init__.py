"""Store and deliver messages, and send the heartbeat."""
