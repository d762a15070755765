"""The terminal: check, plan and stop from a developer's machine or a pipeline; one file for each command."""
