"""A window for everyone: the journal over HTTP, for browsers and programs. Read only; see README.md."""
