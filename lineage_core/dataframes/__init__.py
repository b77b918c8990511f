"""Events, tasks and workers as polars frames: the parts behind `lineage_core.dataframes.reader`. Importing
them imports polars."""
