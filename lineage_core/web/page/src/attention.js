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
    const urgent = told.findings.filter((one) => one.severity !== "past");
    const bad = urgent.filter((one) => one.severity === "bad").length;
    this.title.replaceChildren("Needs you ", h("span", { class: bad ? "number bad" : "number" }, count(urgent.length)));
    document.title = `${bad ? `(${bad}) ` : ""}lineage`;
    const key = JSON.stringify(told.findings.slice(0, MOST).map((one) => [one.rule, one.task_id, one.subject, one.sentence]));
    if (key === this.key) return;
    this.key = key;
    const lines = told.findings.slice(0, MOST).map((one) => this.#line(one));
    if (told.crowd) lines.unshift(h("li", { class: "crowd" }, told.crowd));
    if (!lines.length) lines.push(h("li", { class: "empty" }, "Nothing needs you."));
    if (told.findings.length > MOST) lines.push(h("li", { class: "empty" }, `and ${count(told.findings.length - MOST)} more`));
    this.list.replaceChildren(...lines);
  }

  #line(one) {
    const task = one.task_id ? this.store.tasks.get(one.task_id) : null;
    const words = [
      h("span", { class: "top" },
        h("span", { class: `severity ${one.severity}` }, { bad: "● late", warning: "◐ soon", past: "○ past" }[one.severity] ?? one.severity),
        h("span", { class: "rule" }, one.rule),
        one.priority ? h("span", { class: `priority ${one.priority}` }, one.priority) : null,
        h("span", { class: "age" }, span(one.age_ms)),
      ),
      h("span", { class: "sentence" }, one.sentence),
      one.task_id ? h("span", { class: "of" }, one.task_id, one.master ? ` · ${short(one.master)}` : "") : null,
    ];
    if (!task) return h("li", {}, h("div", { class: "finding" }, words));
    return h("li", {}, h("button", { class: "finding", type: "button", onclick: () => this.choose(task, true) }, words));
  }
}
