"""What the bot does, one file for each flow. Flows combine cloud, store, chat and core, and know no wire format."""
