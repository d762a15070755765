"""What the bot does, one file a flow: each puts the rooms below together and holds no wire format of its own."""
