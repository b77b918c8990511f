// What needs somebody, the most urgent first.

import { h } from "./dom.js";
import { count, short, span } from "./words.js";

const MOST = 200;

export class Attention {
  constructor(store, choose) {
    this.store = store;
    this.choose = choose;
    this.list = h("ol", { class: "findings" });
    this.title = h("h2", { id: "attention-title" }, "Needs you");
    this.element = h("section", { class: "attention", "aria-labelledby": "attention-title" }, this.title, this.list);
  }

  async update() {
    if (this.asking) return;
    this.element.hidden = Boolean(this.store.offline && !this.store.offline.answers.attention);
    if (this.element.hidden) return;
    this.asking = true;
    try {
      this.#show(await this.store.ask("attention", {}));
    } catch (error) {
      this.list.replaceChildren(h("li", { class: "empty" }, error.message));
    } finally {
      this.asking = false;
    }
  }

  #show(told) {
    const urgent = told.lines.filter((one) => one.severity !== "past");
    const bad = urgent.filter((one) => one.severity === "bad").length;
    this.title.replaceChildren("Needs you ", h("span", { class: bad ? "number bad" : "number" }, count(urgent.length)));
    document.title = `${bad ? `(${bad}) ` : ""}lineage`;
    const lines = told.lines.slice(0, MOST);
    const key = JSON.stringify([told.crowd, lines.map((one) => [one.rule, one.severity, one.tasks.slice(0, 9), one.sentence])]);
    if (key === this.key) return;
    this.key = key;
    const items = lines.map((one) => this.#line(one));
    if (told.crowd) items.unshift(h("li", { class: "crowd" }, told.crowd));
    if (!items.length) items.push(h("li", { class: "empty" }, told.sound ? "Nothing needs you." : "Nothing of what could be read needs you."));
    if (told.lines.length > MOST) items.push(h("li", { class: "empty" }, `and ${count(told.lines.length - MOST)} more`));
    this.list.replaceChildren(...items);
  }

  #line(one) {
    const tasks = one.tasks.map((id) => this.store.tasks.get(id)).filter(Boolean);
    const [task] = tasks;
    const words = [
      h("span", { class: "top" },
        h("span", { class: `severity ${one.severity}` }, { bad: "● urgent", warning: "◐ soon", past: "○ over" }[one.severity] ?? one.severity),
        h("span", { class: "rule" }, one.rule),
        one.count > 1 ? h("span", { class: "times" }, `×${count(one.count)}`) : null,
        task?.priority ? h("span", { class: `priority ${task.priority}` }, task.priority) : null,
        h("span", { class: "age" }, span(this.store.now() - Date.parse(one.since))),
      ),
      h("span", { class: "sentence" }, one.sentence),
      one.tasks.length ? h("span", { class: "of" }, one.tasks.slice(0, 3).join(", "), one.tasks.length > 3 ? ` and ${count(one.tasks.length - 3)} more` : task?.master ? ` · ${short(task.master)}` : "") : null,
    ];
    if (!task) return h("li", {}, h("div", { class: "finding" }, words));
    return h("li", {}, h("button", { class: "finding", type: "button", onclick: () => this.choose(task, true) }, words));
  }
}
