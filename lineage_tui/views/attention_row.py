"""How a line of the attention view looks: a finding, or what several of one cause have in common."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping

from lineage_core.base.clock import format_duration
from lineage_core.base.terminal_cells import cell_width, fit
from lineage_core.model.expectations import Finding, Severity
from lineage_core.present.sentences import short
from lineage_core.rules.finding_groups import says
from lineage_core.rules.silence import ZOMBIE
from lineage_core.rules.silent_masters import master_finding
from lineage_core.rules.stuck_work import AT_ONCE, RULES, UNTYPED
from lineage_core.rules.usual_durations import Usually
from lineage_tui.models.attention import AttentionList
from lineage_tui.models.attention_item import ACKNOWLEDGED, MASTER_SILENT, AttentionItem, Cause, key_of
from lineage_tui.models.column_widths import EVERYTHING, Columns, Step
from lineage_tui.settings.acknowledgements import Key
from lineage_tui.theme.styled_line import Line, cut, hosts_in
from lineage_tui.theme.styles import Styles

_VERB = re.compile(r"^(?:has been|was|is) ")

ODD = "odd"


RULE_LOOKS = {
    "failed": ("failed", "failed"),
    "new-error": ("failed", "new error"),
    "escalated": ("escalated", "escalated"),
    "silent": ("silent", "silent"),
    "never-started": ("never-started", "no start"),
    "orphaned": ("orphaned", "orphaned"),
    "found-dead": ("zombie", "dead"),
    "deadlock": ("blocked", "deadlock"),
    "blocked": ("blocked", "blocked"),
    "unassigned": ("queued", "unassigned"),
    "unstarted": ("assigned", "unstarted"),
    "idle": ("silent", "idle"),
    "parent-waiting": ("silent", "parent"),
    "master-silent": ("zombie", "of silent"),
    "feed-silent": ("silent", "feed"),
    "handoff-unaccepted": ("handoff wait", "unaccepted"),
    "handoff-uncompleted": ("handoff wait", "handed over"),
    "ping-pong": ("reassigned", "ping-pong"),
    "retries-in-vain": ("failed", "retries"),
    "same-worker": ("never-started", "two tasks"),
    "ends-disagree": ("failed", "disagree"),
    "spawned-twice": ("never-started", "spawned 2x"),
    "accepted-by-other": ("handoff wait", "other took"),
    "unblocked-by-other": ("blocked", "unblocked?"),
    "fails-more": (ODD, "fails more"),
    "takes-longer": (ODD, "longer"),
    "unseen-error": (ODD, "unseen"),
    "gone-quiet": (ODD, "quiet"),
    "more-tasks": (ODD, "more tasks"),
    "fewer-tasks": (ODD, "fewer tasks"),
}
"""By rule: the state that it is shown in, and a word for it."""


STEPS = tuple(
    Step(*step)
    for step in (
        ("why", 12), ("since", 6), ("task", 16), ("host", 10), ("what", 40), ("task", 26), ("what", 50),
        ("master", 11), ("task", 36), ("what", 80), ("master", 16), ("task", EVERYTHING), ("what", EVERYTHING),
    )
)  # fmt: skip
"""What a line shows, the most important first: why something is listed with how many there are of it, since when, of
which task, and the sentence that says it."""

_GLYPH = 2


def look_of(rule: str, severity: Severity) -> tuple[str, str]:
    """The state to show a finding in, and a word for it."""
    if rule in AT_ONCE and severity is Severity.BAD:
        return "zombie", "zombie"  # as the status line counts them
    return RULE_LOOKS.get(rule, ("unknown", rule))


class AttentionRows:
    """Draws the findings of a list. usually: what silence is usual for a worker type."""

    def __init__(self, styles: Styles, model: AttentionList, usually: Usually) -> None:
        self.looks = styles
        self.model = model
        self.usually = usually
        self._columns = Columns(STEPS, ("why", "since", "task", "host", "master", "what"))
        self._words: dict[Key, str] = {}

    def forget(self, task_ids: Collection[str] | None = None) -> None:
        """Say anew what is the matter with these tasks, or with all."""
        for key in [key for key in self._words if task_ids is None or key[1] in task_ids]:
            del self._words[key]

    def columns(self, width: int) -> Mapping[str, int]:
        """The widths of the columns in a list of this width, as they stand on the screen."""
        content = {"task": max(8, self.model.widest + 2)}
        if len(self.model.state.hosts) < 2:
            content["host"] = 0
        return self._columns.fit(width - _GLYPH, content)

    def draw_title(self, out: Line) -> None:
        """Draw the names of the columns."""
        out.put("  ")
        for column, width in self.columns(out.width).items():
            out.col(column, width, "muted", right=column == "since")

    def draw(self, key: Key, out: Line, now: int, *, inside: bool) -> None:
        """Draw a finding; inside: whether it stands below a heading."""
        entry = self.model.item(key)
        assert entry is not None
        finding = entry.finding
        resolved = key in self.model.shown.resolved
        state, word = ("completed", "resolved") if resolved else look_of(finding.rule, finding.severity)
        quiet = resolved or entry.acknowledged
        shade = "muted" if quiet else "text"
        loud = self._begin(state, word, finding, now, out, quiet=quiet)
        said = "acknowledged: " if entry.acknowledged and not resolved else ""
        if self.model.anomaly(key) is not None:
            out.put(said, "muted").put(finding.sentence, loud)
            return
        columns = self.columns(out.width)
        task = columns.get("task", 8)
        if inside:
            out.put("  ")
            task -= 2
        out.col(cut(finding.task_id, "task-", task, self.looks), task, shade)
        row = self.model.state.rows.get(finding.task_id)  # none, if it is resolved as its task is not there any more
        if "host" in columns:
            width = columns["host"]
            out.col(hosts_in(row.hosts, width, self.looks) if row is not None else "", width, "muted")
        if "master" in columns:
            width = columns["master"]
            master = short(row.master) if row is not None else ""
            out.col(cut(master, "", width, self.looks) if len(master) > width else master, width, "muted")
        out.put(said, "muted")
        if row is not None and row.priority in ("critical", "high"):
            out.put(f"{row.priority}: ", shade, bold=not resolved)
        usual = self._usual(finding.cause) if finding.rule == "silent" and not resolved else ""
        text = finding.sentence if resolved else self._sentence(entry, now)
        if cell_width(text + usual) > out.left:  # the name can be missed best: the task's stands before it
            text = _VERB.sub("", text.removeprefix(f"{finding.subject} "))
        out.put(text, loud).put(usual, "muted")

    def draw_cause(self, cause: Cause, out: Line, now: int) -> None:
        """Draw a line that stands for several: what they have in common, and since when there are such."""
        items, opened = self.model.lines.items(cause), cause in self.model.lines.opened
        going_on = self.model.shown.how_many(cause)
        first = self.model.item(next(self.model.shown.going_on(cause), items[0]))
        last = self.model.item(items[len(items) - 1])
        assert first is not None and last is not None
        finding = first.finding
        since, (state, word) = finding.since, look_of(finding.rule, finding.severity)
        silent = self.model.masters.silent.get(cause.what) if cause.name == MASTER_SILENT else None
        if cause.name == MASTER_SILENT:
            state, word, since = "zombie", "late", silent.since if silent is not None else since
        if not going_on:
            state, word = "completed", "resolved"
        quiet = first.acknowledged or not going_on
        role = self._begin(
            state, f"{going_on or len(items):,} {word}", finding._replace(since=since), now, out, quiet=quiet
        )
        out.put(self.looks.glyph("▾ ", "- ") if opened else self.looks.glyph("▸ ", "+ "), "muted")
        newest, oldest = (format_duration(max(0, now - one.finding.since)) for one in (first, last))
        tail = f"  newest {newest}, first {oldest}" if out.width >= 100 else f"  first {oldest}"
        text = cause.what
        if silent is not None:
            text, tail = master_finding(cause.what, list(silent.under), silent.since, now).sentence, ""
        elif cause.name in (ZOMBIE, *(name for name, rule in RULES.items() if rule.zombie)):
            usual = self._usual(cause.what) if cause.name in (ZOMBIE, "silent") else ""
            text = f"{cause.what.removesuffix('-worker')} workers{usual}"
        elif cause.name != "failed":
            text = says(cause.name, cause.what, len(items))
        if cause.band == ACKNOWLEDGED:
            text = f"acknowledged: {text}"
        out.put(fit(text, max(8, out.left - cell_width(tail))), role).put(tail, "muted")

    def _begin(self, state: str, word: str, finding: Finding, now: int, out: Line, *, quiet: bool) -> str:
        """Draw what a line begins with: why it is listed, and since when; the role of what it says."""
        glyph, _, role = self.looks.look(state)
        role = "muted" if quiet else role
        columns = self.columns(out.width)
        out.put(glyph + " ", role).col(word, columns["why"], role)
        age = format_duration(max(0, now - finding.since))
        out.col(age, columns.get("since", 6), "muted" if quiet else "text", right=True)
        return role if finding.severity is Severity.BAD else "muted"

    def _usual(self, kind: str) -> str:
        """The silence that is usual for a worker type, in brackets."""
        usual = self.usually("" if kind == UNTYPED else kind)
        return f" (usual {self.looks.glyph('≤', '<')}{format_duration(usual.p95)})" if usual is not None else ""

    def _sentence(self, entry: AttentionItem, now: int) -> str:
        """What is the matter, as of now; worked out again once a second at most."""
        if entry.key not in self._words:
            self._words[entry.key] = entry.finding.sentence
            for found in reversed(self.model.findings(entry.finding.task_id, now)):
                self._words[key_of(found)] = found.sentence
        return self._words[entry.key]
