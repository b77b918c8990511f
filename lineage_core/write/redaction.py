"""Secrets taken out of event data before it reaches the disk, by the names of keys and by what values look like.

Names: `password`, `DB_PASS`, `api_key`, `Authorization`, … (`secret_names.py`). In free text, `name: value`,
`name=value`, `--name value` and the like count as a key and its value (`secrets_after_name.py`), and the places where
commands, addresses and markup hold secrets are known (`secrets_without_name.py`). Formats: keys of services, private
keys, web hooks (`secret_token_formats.py`). What is found becomes `[redacted]`; the sentence around it and ids are
left alone.

How good it is: of the 282 shapes of secrets in tests/data/redaction.toml, 0 get through; of the 151 harmless texts,
0 are cut. `python -m tests.core.write.redaction_corpus` counts them. To redact again changes nothing.

Settings, from the environment: `LINEAGE_REDACT=0` switches it off. `LINEAGE_REDACT_KEYS` adds names of keys, with
commas between them, `*` standing for anything. `LINEAGE_REDACT_PATTERNS` adds regular expressions, one a line (one
that is not valid is taken as plain text).

Most data is told to hold no secret at a glance (`secret_precheck.py`); `lineage.sh` does so too (`__lineage_harmless`),
redacts itself what surely is a secret under a usual name (`__lineage_redacted`), and sends the rest to Python.
"""

from __future__ import annotations

from lineage_core.write.secret_precheck import is_suspicious

TYPE_CHECKING = False  # importing typing costs as much as all the rest of `lineage log`
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any


def redactor(environ: Mapping[str, str]) -> Callable[[Any], Any]:
    """What takes the secrets out of a JSON value (text, object, list, …) under these settings. It changes nothing
    in place.
    """
    if environ.get("LINEAGE_REDACT") == "0":
        return lambda value: value
    names = environ.get("LINEAGE_REDACT_KEYS") or ""
    patterns = environ.get("LINEAGE_REDACT_PATTERNS") or ""
    own = bool(names or patterns)

    def clean(value: Any) -> Any:
        return _rules(names, patterns)(value) if own or is_suspicious(value) else value

    return clean


_made: dict[tuple[str, str], Callable[[Any], Any]] = {}


def _rules(names: str, patterns: str) -> Callable[[Any], Any]:
    clean = _made.get((names, patterns))
    if clean is None:
        from lineage_core.write.secret_rules import Rules  # it compiles many patterns: only where they are needed

        clean = _made[names, patterns] = Rules(names, patterns).clean
    return clean
