"""The first selection: what is most urgent, else what has gone on for longest. Chosen once, when all was read."""

from __future__ import annotations

from lineage_tui.models.attention import AttentionList
from lineage_tui.views.task_tree import TaskTreeView


class Opening:
    """done: whether something was selected, by this or by the operator; from then on nothing moves by itself."""

    def __init__(self, tree: TaskTreeView, needs: AttentionList) -> None:
        self._tree = tree
        self._needs = needs
        self.done = False

    def select(self) -> None:
        """Select the first task to look at, of those that the filter takes, if the operator has not chosen one."""
        tree = self._tree
        if self.done or not tree.count():
            return
        self.done = True
        if not tree.chosen and not self._reveal():
            tree.hold()

    def _reveal(self) -> bool:
        for task_id in self._needs.urgent_first():
            if (node := self._tree.model.find(("task", task_id, ""))) is not None and node.own:
                return self._tree.show_amid(node.key)
        return False
