"""Tasks as traces: spans, logs of open work and metrics for OpenTelemetry, and foreign spans as tasks.

Nothing here but `sdk.py`, `sender.py`, `metrics.py` and `otlp_file.py` imports opentelemetry, and those only for the
command that needs it (see `README.md` of this folder).
"""
