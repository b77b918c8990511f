"""What the operator has set: options, environment and config file, read in one place for all commands and views."""
