"""History in a Delta table on any object store: what `lineage lake sync` writes and `--lake` reads (extra `lake`)."""
