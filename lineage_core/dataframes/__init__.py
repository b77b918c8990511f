"""Events, tasks and workers as polars frames: the parts behind `lineage_core.frame`. Importing them imports polars."""
