"""Renders texts in the reader's language, from the catalogues in ``locales/``."""
