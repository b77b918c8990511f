"""The line-rendering widgets: each draws only the lines that are seen."""
