"""`python -m lineage_core.cli`: the `lineage` command without its launcher."""

import sys

from lineage_core.cli import main

sys.exit(main())
