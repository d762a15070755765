"""How good and how cheap snatbot is, measured against the simulator. Never deployed."""
