"""Messages on their way to chat, and the heartbeat."""
