// One task: what it waits for, its phases, workers and handoffs on an axis of their own, failures, links, events.

import { axisTop } from "d3-axis";
import { scaleTime, scaleUtc } from "d3-scale";
import { select } from "d3-selection";
import { h, shown } from "./dom.js";
import { cutName, GLYPHS, isLocal, moment, short, span, tick, timeOfDay } from "./words.js";

const LANE = 24;
const LABEL = 170;
const EVENTS = 200;
const OF_THE_TASK = new Set(["phases", "owners"]); // lanes that the task has one of each

export class Detail {
  constructor(store, choose, toMoment) {
    this.store = store;
    this.choose = choose;
    this.toMoment = toMoment;
    this.heading = h("h2", { tabindex: "-1", id: "detail-title" }, "Choose a task");
    this.body = h("div", { class: "body" });
    this.element = h(
      "section",
      { class: "detail", "aria-labelledby": "detail-title" },
      h("header", {}, this.heading, h("button", { type: "button", class: "quiet close", "aria-label": "Close the task", onclick: () => this.choose(null) }, "×")),
      this.body,
    );
    this.asked = 0;
    new ResizeObserver(() => this.#drawLanes()).observe(this.element);
  }

  async show(id, focus = false) {
    const changed = id !== this.id;
    this.id = id;
    this.element.hidden = id === null;
    if (id === null) return;
    const mine = ++this.asked;
    if (changed) {
      this.heading.textContent = "";
      this.heading.append(h("span", {}, id));
      this.body.replaceChildren(h("p", { class: "muted" }, "…"));
      if (focus) this.heading.focus();
    }
    if (!this.store.tasks.has(id) && this.store.tasks.size === this.store.total) {
      this.body.replaceChildren(h("p", { role: "alert" }, `no task ${id} yet`));
      return;
    }
    try {
      const [told, lanes] = await Promise.all([
        this.store.ask("task", { task: id, limit: String(EVENTS) }),
        this.store.ask("timeline", { task: id }),
      ]);
      if (mine === this.asked) this.#fill(told, lanes);
    } catch (error) {
      if (mine === this.asked) this.body.replaceChildren(h("p", { role: "alert" }, error.message));
    }
  }

  #fill(told, lanes) {
    const { task } = told;
    this.heading.replaceChildren(
      h("span", { class: `pill ${task.status}` }, `${GLYPHS[task.status]} ${task.status}`),
      h("span", { class: "id" }, task.task_id),
      task.escalated ? h("span", { class: "pill escalated" }, "▲ escalated") : "",
      task.priority ? h("span", { class: `priority ${task.priority}` }, task.priority) : "",
    );
    this.lanes = lanes;
    this.drawing = h("div", { class: "lanes" });
    const scrolled = this.element.scrollTop;
    const parts = [
      h("p", { class: "now" }, told.now),
      this.#facts(told),
      this.drawing,
      this.#partsTable(lanes),
      this.#failures(told.failures),
      this.#links(told.links),
      this.#why(task.task_id),
      this.#events(told.events, task.events),
    ];
    this.body.replaceChildren(...parts.filter((part) => part !== null));
    this.#drawLanes();
    this.element.scrollTop = scrolled;
  }

  #facts({ task, owners, deliverables }) {
    const facts = [
      ["owner", task.master && short(task.master)],
      ["before", owners.length > 1 && owners.slice(0, -1).map((one) => `${short(one.master)} ${span(one.duration_ms)}`).join(", ")],
      ["type", task.type],
      ["elapsed", span(task.elapsed_ms)],
      ["started", task.started_at && moment(Date.parse(task.started_at))],
      ["ended", task.ended_at && moment(Date.parse(task.ended_at))],
      ["attempts", task.attempts > 1 && String(task.attempts)],
      ["runs", task.runs && `${task.runs}${task.failed_workers ? `, ${task.failed_workers} failed` : ""}`],
      ["subtasks", task.subtasks && `${task.subtasks_done} of ${task.subtasks} completed`],
      ["tokens", task.tokens !== null && task.tokens.toLocaleString("en")],
      ["session", task.session_id],
      ["trace", this.#trace(task)],
      ["delivered", deliverables.join(", ")],
    ].filter(([, value]) => value);
    return h("dl", { class: "facts" }, facts.map(([name, value]) => h("div", {}, h("dt", {}, name), h("dd", {}, value))));
  }

  #trace(task) {
    if (!this.store.traces) return task.trace_id;
    const href = `/trace/${encodeURIComponent(task.task_id)}`;
    return h("a", { href, target: "_blank", rel: "noopener noreferrer" }, task.trace_id ?? "see it");
  }

  #drawLanes() {
    if (!this.drawing?.isConnected || !this.lanes) return;
    const now = this.store.now();
    const width = Math.max(320, this.drawing.clientWidth);
    const start = Date.parse(this.lanes.start);
    const end = this.lanes.end === null ? now : Date.parse(this.lanes.end);
    const scale = (isLocal() ? scaleTime() : scaleUtc()).domain([start, Math.max(end, start + 1000)]).range([LABEL, width - 12]);
    const rows = [];
    const names = new Map();
    for (const part of this.lanes.parts) {
      const key = OF_THE_TASK.has(part.lane) ? part.lane : `${part.lane} ${part.name}`;
      if (!names.has(key)) {
        names.set(key, rows.length);
        rows.push({ name: OF_THE_TASK.has(part.lane) ? part.lane : part.name, parts: [] });
      }
      rows[names.get(key)].parts.push(part);
    }
    const shownRows = rows.slice(0, 60);
    const svg = select(this.drawing)
      .selectAll("svg")
      .data([0])
      .join("svg")
      .attr("width", width)
      .attr("height", shownRows.length * LANE + 30)
      .attr("role", "img")
      .attr("aria-label", shown(`Phases, workers and handoffs of ${this.id}: the table below says the same`));
    svg.selectAll("g.axis").data([0]).join("g").attr("class", "axis").attr("transform", "translate(0,24)")
      .call(axisTop(scale).ticks(Math.max(2, (width - LABEL) / 120)).tickFormat(tick).tickSizeOuter(0));
    const row = svg.selectAll("g.row").data(shownRows).join("g").attr("class", "row").attr("transform", (_, i) => `translate(0,${28 + i * LANE})`);
    row.selectAll("text.label").data((one) => [one]).join("text").attr("class", "label").attr("x", 0).attr("y", 14)
      .text(({ name }) => cutName(shown(name), 25))
      .selectAll("title").data((one) => [one]).join("title").text(({ name }) => shown(name));
    const wide = (part) => Math.max(2, scale(part.end === null ? now : Date.parse(part.end)) - scale(Date.parse(part.start)));
    const bars = row.selectAll("rect.bar").data((one) => one.parts.filter((part) => part.what === "bar")).join("rect");
    bars.attr("class", (part) => `bar ${part.kind.replaceAll(" ", "-")}${part.end === null ? " open" : ""}`)
      .attr("x", (part) => scale(Date.parse(part.start))).attr("y", 3).attr("height", 15).attr("rx", 2).attr("width", wide);
    bars.selectAll("title").data((part) => [part]).join("title").text((part) => shown(`${part.kind === "owner" ? `owner ${part.text}` : part.kind}, ${span(part.duration_ms)} from ${moment(Date.parse(part.start))}`));
    row.selectAll("path.mark").data((one) => one.parts.filter((part) => part.what === "mark").slice(0, 400)).join("path")
      .attr("class", (part) => `mark ${part.kind}`)
      .attr("d", (part) => (part.kind === "progress" ? "M0,-3V3" : "M-5,4L0,-5L5,4Z"))
      .attr("transform", (part) => `translate(${scale(Date.parse(part.start))},${part.kind === "progress" ? 15 : 10})`)
      .selectAll("title").data((part) => [part]).join("title").text((part) => shown(`${part.kind} ${part.text}`));
  }

  #partsTable(lanes) {
    const bars = lanes.parts.filter((part) => part.what === "bar" || part.kind !== "progress");
    return h("details", {}, h("summary", {}, "Bars and marks in words"),
      table(["from", "for", "what", "of", ""], bars.slice(0, 300).map((part) => [
        moment(Date.parse(part.start)), part.duration_ms === null ? "" : span(part.duration_ms), part.kind,
        OF_THE_TASK.has(part.lane) ? "" : part.name, part.text === part.kind ? "" : part.text,
      ])));
  }

  #failures(failures) {
    if (!failures.length) return null;
    return h("div", { class: "failures" }, h("h3", {}, "Failures"),
      h("ul", {}, failures.slice(-20).reverse().map((one) => h("li", {},
        h("button", { type: "button", class: "quiet time", onclick: () => this.toMoment(Date.parse(one.at)) }, moment(Date.parse(one.at))),
        ` ${one.worker_id ?? `attempt ${one.number}`}: `, h("b", {}, one.reason ?? "no reason was given"), one.retried ? h("span", { class: "muted" }, " (retried)") : null))));
  }

  #links(links) {
    if (!links.length) return null;
    return h("div", { class: "links" }, h("h3", {}, "Linked tasks"),
      h("ul", {}, links.slice(0, 60).map((link) => {
        const task = this.store.tasks.get(link.task_id);
        const status = task?.status ?? link.status;
        const name = `${status ? GLYPHS[status] + " " : ""}${link.task_id}`;
        return h("li", {}, h("span", { class: "muted" }, `${link.relation} `),
          task ? h("button", { type: "button", class: `quiet link ${status}`, onclick: () => this.choose(task, true) }, name) : name);
      })));
  }

  #why(id) {
    if (this.store.offline && !this.store.offline.answers.explain) return null;
    const list = h("ul", {});
    return h("details", {
      ontoggle: async (event) => {
        if (!event.target.open || list.childNodes.length) return;
        try {
          const told = await this.store.ask("explain", { task: id });
          list.replaceChildren(...told.conclusions.map((text) => h("li", {}, text)));
        } catch (error) {
          list.replaceChildren(h("li", {}, error.message));
        }
      },
    }, h("summary", {}, "Why it stands so"), list);
  }

  #events(events, all) {
    if (!events.length) return h("p", { class: "muted" }, plural(all));
    const rows = [...events].reverse().map((event) => {
      const at = Date.parse(event.timestamp);
      const button = h("button", { type: "button", class: "quiet time", title: "show this moment", onclick: () => this.toMoment(at) }, Number.isNaN(at) ? event.timestamp : moment(at).slice(0, 10) + " " + timeOfDay(at));
      return [button, event.event_type, event.actor.id, said(event.event_data)];
    });
    return h("div", { class: "events" }, h("h3", {}, events.length < all ? `The newest ${events.length} of ${all} events` : plural(all)),
      table(["when", "event", "by", "what"], rows));
  }
}

const plural = (number) => (number === 1 ? "1 event" : `${number} events`);

/** The values of `event_data`, in a few words. */
function said(data) {
  if (data === null || typeof data !== "object") return "";
  const words = [];
  for (const [key, value] of Object.entries(data).slice(0, 12)) {
    if (value === null || ["worker_id", "master_id"].includes(key)) continue;
    const text = typeof value === "object" ? JSON.stringify(value) : String(value);
    words.push(`${key.replaceAll("_", " ")}: ${text.length > 160 ? text.slice(0, 159) + "…" : text}`);
  }
  return words.join(" · ");
}

export function table(heads, rows) {
  return h("div", { class: "wide", tabindex: "0", role: "region", "aria-label": "table" },
    h("table", {}, h("thead", {}, h("tr", {}, heads.map((head) => h("th", { scope: "col" }, head)))),
      h("tbody", {}, rows.map((row) => h("tr", {}, row.map((cell) => h("td", {}, cell)))))));
}
