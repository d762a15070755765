"""The same fleet looked at with what people use today, and with snatbot."""
