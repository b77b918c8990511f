// Sessions, their tasks and the subtasks of these: a tree of which only the lines that are seen are in the document.

import { h } from "./dom.js";
import { ESCALATED, RUN_FAILED } from "./store.js";
import { count, GLYPHS, span } from "./words.js";

const LINE = 28;

export class Tree {
  constructor(store, choose) {
    this.store = store;
    this.choose = choose;
    this.opened = new Map(); // what somebody opened or closed
    this.rows = [];
    this.matches = null;
    this.current = null; // key of the line that the keyboard is on
    this.inside = h("div", { class: "inside", role: "presentation" });
    this.box = h(
      "div",
      {
        class: "tree",
        role: "tree",
        tabindex: "0",
        "aria-label": "Tasks by session",
        onkeydown: (event) => this.#key(event),
        onscroll: () => this.draw(),
        onclick: (event) => this.#click(event),
      },
      this.inside,
    );
    new ResizeObserver(() => this.draw()).observe(this.box);
  }

  update() {
    const groups = new Map();
    const children = new Map();
    for (const task of this.store.tasks.values()) {
      if (this.matches && !this.matches(task)) continue;
      const parent = task.parent !== null && this.store.tasks.has(task.parent) ? task.parent : null;
      if (parent !== null && !this.matches) {
        if (!children.has(parent)) children.set(parent, []);
        children.get(parent).push(task);
        continue;
      }
      let group = groups.get(task.group);
      if (!group) groups.set(task.group, (group = { name: task.group, tasks: [], last: 0, open: 0, running: 0, failed: 0 }));
      group.tasks.push(task);
      if (task.last > group.last) group.last = task.last;
      if (task.end === null) group.open++;
      if (task.status === "running") group.running++;
      if (task.status === "failed") group.failed++;
    }
    this.children = children;
    const sorted = [...groups.values()].sort((a, b) => b.last - a.last || (a.name < b.name ? -1 : 1));
    this.rows = [];
    for (const [index, group] of sorted.entries()) {
      const key = `group ${group.name}`;
      const open = this.opened.get(key) ?? (index === 0 || (group.open > 0 && index < 12) || (this.matches !== null && index < 12));
      this.rows.push({ key, group, level: 1, open, has: true, place: index + 1, of: sorted.length });
      if (open) this.#addTasks(group.tasks, 2);
    }
    this.inside.style.height = `${this.rows.length * LINE}px`;
    this.draw(true);
  }

  #addTasks(tasks, level) {
    tasks.sort((a, b) => b.start - a.start || (a.id < b.id ? -1 : 1));
    for (const [index, task] of tasks.entries()) {
      const below = this.children.get(task.id);
      const open = below !== undefined && (this.opened.get(task.id) ?? task.end === null);
      this.rows.push({ key: task.id, task, level, open, has: below !== undefined, place: index + 1, of: tasks.length });
      if (open && level < 40) this.#addTasks(below, level + 1);
    }
  }

  /** Bring a task into sight and mark it. */
  select(task) {
    this.selected = task?.id ?? null;
    if (task) {
      this.current = task.id;
      const missing = !this.rows.some((row) => row.key === task.id);
      if (missing) {
        this.opened.set(`group ${task.group}`, true);
        for (let up = task; up && up.parent !== null; up = this.store.tasks.get(up.parent)) {
          if (this.opened.get(up.parent)) break;
          this.opened.set(up.parent, true);
          const above = this.store.tasks.get(up.parent);
          if (above) this.opened.set(`group ${above.group}`, true);
        }
        this.update();
      }
      this.#reveal();
    }
    this.draw(true);
  }

  #reveal() {
    const at = this.rows.findIndex((row) => row.key === this.current);
    if (at < 0) return;
    const y = at * LINE;
    if (y < this.box.scrollTop) this.box.scrollTop = y;
    else if (y + LINE > this.box.scrollTop + this.box.clientHeight) this.box.scrollTop = y + LINE - this.box.clientHeight;
  }

  draw(always = false) {
    const first = Math.max(0, Math.floor(this.box.scrollTop / LINE) - 4);
    const last = Math.min(this.rows.length, Math.ceil((this.box.scrollTop + this.box.clientHeight) / LINE) + 4);
    if (!always && first === this.first && last === this.last) return;
    this.first = first;
    this.last = last;
    const lines = [];
    for (let at = first; at < last; at++) lines.push(this.#line(this.rows[at], at));
    this.inside.replaceChildren(...lines);
    const current = lines.find((_, at) => this.rows[first + at].key === this.current);
    if (current) this.box.setAttribute("aria-activedescendant", current.id);
    else this.box.removeAttribute("aria-activedescendant");
  }

  #line(row, at) {
    const { task, group } = row;
    const now = this.store.now();
    const line = h("div", {
      class: `line ${task ? "task" : "group"}`,
      role: "treeitem",
      id: `line-${at}`,
      "aria-level": row.level,
      "aria-posinset": row.place,
      "aria-setsize": row.of,
      "aria-expanded": row.has ? String(row.open) : null,
      "aria-selected": String(row.key === this.selected),
      "data-current": row.key === this.current,
    });
    line.dataset.at = at;
    line.style.transform = `translateY(${at * LINE}px)`;
    line.style.paddingLeft = `${8 + (row.level - 1) * 14}px`;
    const twist = h("span", { class: "twist", "aria-hidden": "true" }, row.has ? (row.open ? "▾" : "▸") : "");
    if (group) {
      line.append(
        twist,
        h("span", { class: "name" }, group.name),
        group.failed ? h("span", { class: "few failed" }, `✗ ${count(group.failed)}`) : "",
        group.running ? h("span", { class: "few running", title: "running" }, `${GLYPHS.running} ${count(group.running)}`) : "",
        h("span", { class: "few" }, count(group.tasks.length)),
      );
      return line;
    }
    const mark = task.flags & ESCALATED ? "▲" : task.flags & RUN_FAILED && task.status !== "failed" ? "!" : "";
    line.append(
      twist,
      h("span", { class: `status ${task.status}`, title: task.status }, GLYPHS[task.status], h("span", { class: "unseen" }, task.status)),
      h("span", { class: "name" }, task.id),
      mark ? h("span", { class: "few escalated", title: mark === "▲" ? "escalated" : "a run of it failed" }, mark) : "",
      task.percent !== null && task.end === null ? h("span", { class: "few" }, `${Math.round(task.percent)}%`) : "",
      h("span", { class: "few age" }, span((task.end ?? now) - task.start)),
    );
    return line;
  }

  #click(event) {
    const line = event.target.closest(".line");
    if (!line) return;
    const row = this.rows[Number(line.dataset.at)];
    if (!row) return;
    this.current = row.key;
    if (row.group || event.target.classList.contains("twist")) this.#toggle(row, !row.open);
    else this.choose(row.task, false);
  }

  #toggle(row, open) {
    if (!row.has || row.open === open) return;
    this.opened.set(row.key, open);
    this.update();
  }

  #key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    let at = this.rows.findIndex((row) => row.key === this.current);
    const row = this.rows[at];
    const page = Math.max(1, Math.floor(this.box.clientHeight / LINE) - 1);
    const to = { ArrowDown: at + 1, ArrowUp: at - 1, PageDown: at + page, PageUp: at - page, Home: 0, End: this.rows.length - 1 };
    if (event.key in to) {
      at = Math.max(0, Math.min(this.rows.length - 1, to[event.key]));
      this.current = this.rows[at]?.key ?? null;
      this.#reveal();
      this.draw(true);
    } else if (row && event.key === "ArrowRight") {
      if (row.has && !row.open) this.#toggle(row, true);
      else this.current = this.rows[at + 1]?.level > row.level ? this.rows[at + 1].key : row.key;
      this.draw(true);
    } else if (row && event.key === "ArrowLeft") {
      if (row.has && row.open) this.#toggle(row, false);
      else while (at > 0 && this.rows[at].level >= row.level) at--;
      this.current = this.rows[at].key;
      this.#reveal();
      this.draw(true);
    } else if (row && (event.key === "Enter" || event.key === " ")) {
      if (row.group) this.#toggle(row, !row.open);
      else this.choose(row.task, event.key === "Enter");
    } else return;
    event.preventDefault();
  }
}
