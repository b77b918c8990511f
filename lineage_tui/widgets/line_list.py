"""The base of every view: a list of lines of any length, of which only the visible ones are drawn.

A subclass says how many lines there are, draws one, and names the key of a line. The cursor and the scroll position
belong to keys: when lines come, go or move, the line under the cursor stays where it is on the screen.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator

from rich.segment import Segment
from textual import events
from textual.geometry import Region
from textual.strip import Strip

from lineage_tui.theme.styled_line import Line
from lineage_tui.theme.styles import Styles
from lineage_tui.widgets.drawn_widget import DrawnWidget


class LineList(DrawnWidget, can_focus=True):
    """A scrolling list of lines with a cursor.

    title_lines: how many lines at the top stay (column headings). empty: what to say when there are no lines.
    on_moved, on_entered: called with the key of the line that the cursor came to, or that was entered; at once, so
    that keys typed ahead find things as they left them.
    """

    title_lines = 0

    def __init__(self, styles: Styles, *, id: str | None = None, empty: str = "nothing here") -> None:
        super().__init__(id=id)
        self.looks = styles
        self.on_moved: Callable[[Hashable | None], None] = lambda key: None
        self.on_entered: Callable[[Hashable], None] = lambda key: None
        self.empty = empty
        self.top = 0
        self.cursor = 0
        self.cursor_key: Hashable | None = None
        self.marks: set[Hashable] = set()
        self._width = self._height = 0
        self._drawn: tuple[object, ...] = ()  # what the lines in view stood for when they were last asked for

    # What a subclass says.

    def count(self) -> int:
        """How many lines there are."""
        raise NotImplementedError

    def key_at(self, line: int) -> Hashable:
        """The key of a line: what it stands for, whatever its place; its number, where it stands for nothing."""
        return line

    def line_of(self, key: Hashable) -> int | None:
        """The line of a key, or None if it is gone."""
        return key if isinstance(key, int) and key < self.count() else None

    def draw(self, line: int, out: Line) -> None:
        """Draw a line into `out`."""
        raise NotImplementedError

    def draw_title(self, line: int, out: Line) -> None:
        """Draw one of the `title_lines`."""

    def click_title(self, x: int) -> None:
        """The `title_lines` were clicked, so many cells from the left."""

    # What every view does.

    @property
    def page(self) -> int:
        """How many lines fit on the widget."""
        return max(1, self._height - self.title_lines)

    @property
    def room(self) -> int:
        """Cells of a line, without the scrollbar."""
        return self._width - (self.count() > self.page)

    def sync(self, touched: Callable[[Hashable], bool] | None = None) -> None:
        """Take in that lines came, went or moved: the cursor stays with its key and at its place on the screen.

        touched: tells of a key whether its line looks different now; left out, all lines are drawn again.
        """
        count = self.count()
        offset = self.cursor - self.top
        found = self.line_of(self.cursor_key) if self.cursor_key is not None else None
        if found is None:
            found = min(self.cursor, count - 1)
        moved = self.cursor_key is None or found < 0 or self.key_at(found) != self.cursor_key
        self.cursor = max(0, found)
        self.top = self.cursor - offset
        self._clamp(count)
        if moved:
            self._note_cursor()
        self.draw_changes(touched)

    def draw_changes(self, touched: Callable[[Hashable], bool] | None) -> None:
        """Draw the lines in view that stand for something else than before, and those that were touched."""
        count = self.count()
        before = self._drawn
        keys = [self.key_at(line) for line in range(self.top, min(count, self.top + self.page))]
        # More or fewer lines move the thumb of the scrollbar, which is drawn with every line.
        self._drawn = (self.top, self.cursor, count, *keys)
        if touched is None or before[1:3] != self._drawn[1:3] or len(before) != len(self._drawn):
            self.refresh()
            return
        for y, (old, key) in enumerate(zip(before[3:], keys, strict=True)):
            if old != key or touched(key):
                self.refresh(Region(0, y + self.title_lines, self._width, 1))

    def select(self, line: int) -> None:
        """Put the cursor on a line and bring it into view."""
        count = self.count()
        old, old_top = self.cursor, self.top
        self.cursor = max(0, min(line, count - 1))
        if self.cursor < self.top:
            self.top = self.cursor
        elif self.cursor >= self.top + self.page:
            self.top = self.cursor - self.page + 1
        self._clamp(count)
        self._note_cursor()
        if self.top != old_top:
            self.refresh()
        elif old != self.cursor:
            self.refresh_line(old)
            self.refresh_line(self.cursor)

    def select_key(self, key: Hashable) -> bool:
        """Put the cursor on the line of a key; False if there is none."""
        line = self.line_of(key)
        if line is None:
            return False
        self.select(line)
        return True

    def reveal(self, key: Hashable) -> bool:
        """Put the cursor on the line of a key, opening what it is folded into; False if there is none."""
        return self.select_key(key)

    def _note_cursor(self) -> None:
        key = self.key_at(self.cursor) if self.count() else None
        if key != self.cursor_key:
            self.cursor_key = key
            self.on_moved(key)

    def _clamp(self, count: int) -> None:
        self.top = max(0, min(self.top, count - self.page))

    def keep_in_view(self) -> None:
        """The size changed: the line under the cursor stays in view."""
        LineList.select(self, self.cursor)

    def on_resize(self) -> None:
        self._width, self._height = self.size
        self.keep_in_view()
        self.refresh()

    def draw_line(self, y: int) -> Strip:
        width = self._width
        if not width:  # drawn before it was told its size
            return Strip.blank(self.size.width, self.looks("text"))
        count, inner = self.count(), self.room
        if y < self.title_lines:
            out = Line(inner, self.looks)
            self.draw_title(y, out)
            return out.strip().extend_cell_length(width, self.looks("text"))
        line = self.top + y - self.title_lines
        here = line == self.cursor and line < count
        out = Line(inner, self.looks, ("cursor" if self.has_focus else "panel") if here else "background")
        if line < count:
            self.draw(line, out)
        elif count == 0 and line < len(said := self.empty.split("\n")):
            out.put(" " + said[line], "muted")
        strip = out.strip()
        if self.marks and line < count and self.key_at(line) in self.marks:
            strip = Strip([Segment(self.looks.glyph("◆", "*"), self.looks("escalated")), *strip.crop(1)], inner)
        return strip

    def render_line(self, y: int) -> Strip:
        strip = super().render_line(y)
        beside = self._width and y >= self.title_lines and (count := self.count()) > self.page
        return Strip([*strip, self._thumb(y - self.title_lines, count)], self._width) if beside else strip

    def mark(self) -> None:
        """Mark the line under the cursor, or take its mark away, and go on by one."""
        if self.cursor_key is not None:
            self.marks ^= {self.cursor_key}
            self.move(1)

    def walk(self, step: int, tell: Callable[[int], str] | None = None) -> Iterator[tuple[Hashable, str]]:
        """Keys and states of the lines after the cursor (before it, for -1), round and back to it.

        tell: what to tell of a line in place of its state.
        """
        at, tell = self.cursor, tell or self.look_at
        for distance in range(1, self.count() + 1):
            count = self.count()  # the list may change while somebody walks it in slices
            if not count:
                return
            line = (at + step * distance) % count
            yield self.key_at(line), tell(line)

    def words_at(self, line: int) -> str:
        """What a line says, for a search."""
        out = Line(1000, self.looks)
        self.draw(line, out)
        return out.strip().text

    def look_at(self, line: int) -> str:
        """The state that a line is shown in (a key of `style.LOOKS`), or nothing."""
        return ""

    def _thumb_span(self, count: int) -> tuple[int, int]:
        """Where the thumb of the scrollbar begins and ends; nowhere if everything is in view."""
        page = self.page
        if count <= page:
            return (0, 0)
        size = max(1, page * page // count)
        start = round((page - size) * self.top / max(1, count - page))
        return (start, start + size)

    def _thumb(self, y: int, count: int) -> Segment:
        start, end = self._thumb_span(count)
        on = start <= y < end
        glyph = self.looks.glyph("┃", "#") if on else self.looks.glyph("│", "|")
        return Segment(glyph, self.looks("muted" if on else "line"))

    def refresh_line(self, line: int) -> None:
        """Draw one line again, if it is in view."""
        y = line - self.top + self.title_lines
        if self.title_lines <= y < self._height:
            self.refresh(Region(0, y, self._width, 1))

    def move(self, by: int) -> None:
        """Move the cursor by lines."""
        self.select(self.cursor + by)

    def turn(self, by: int) -> None:
        """Move the cursor by pages; negative: up."""
        self.top += by * self.page
        self._clamp(self.count())
        self.select(self.cursor + by * self.page)

    def edge(self, to: int) -> None:
        """Move to the first line (-1) or to the last (1)."""
        self.select(0 if to < 0 else self.count() - 1)

    def enter(self) -> None:
        """Go into the line under the cursor."""
        if self.cursor_key is not None:
            self.on_entered(self.cursor_key)

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        event.stop()
        self._scroll(3)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        event.stop()
        self._scroll(-3)

    def _scroll(self, by: int) -> None:
        self.top += by
        self._clamp(self.count())
        self.select(max(self.top, min(self.cursor, self.top + self.page - 1)))

    def on_click(self, event: events.Click) -> None:
        if not self.is_click(event):
            return
        line = self.top + event.y - self.title_lines
        if event.y < self.title_lines:
            self.click_title(event.x)
        elif line < self.count():
            self.select(line)
            if event.chain >= 2:
                self.enter()

    def watch_has_focus(self, _value: bool) -> None:
        self.refresh_line(self.cursor)
