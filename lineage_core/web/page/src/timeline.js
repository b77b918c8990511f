// All tasks on a time axis: D3's scale, axis and zoom; the bars on a canvas, drawn only where they are seen.

import { axisTop } from "d3-axis";
import { scaleTime, scaleUtc } from "d3-scale";
import { select } from "d3-selection";
import { zoom, zoomIdentity } from "d3-zoom";
import { announce, h, shown } from "./dom.js";
import { firstFrom, lanesOf } from "./lanes.js";
import { ESCALATED, PARTIAL, RUN_FAILED } from "./store.js";
import { count, cutName, GLYPHS, isLocal, moment, short, span, STATUSES, tick } from "./words.js";

const LANE = 20; // pixels from one lane to the next
const BAR = 15;
const AXIS = 30;
const STRIP = 38;
const FAILED = STATUSES.indexOf("failed");
const SHORTEST = 200; // milliseconds that the whole width may show

export class Timeline {
  constructor(store, choose) {
    this.store = store;
    this.choose = choose;
    this.layout = lanesOf([]);
    this.matches = null;
    this.selected = null;
    this.at = null; // the moment that a link leads to
    this.scroll = 0;
    this.follow = true;
    this.frames = 0;
    this.canvas = h("canvas", { class: "bars", "aria-hidden": "true" });
    this.strip = h("canvas", { class: "strip", "aria-hidden": "true" });
    this.axis = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    this.axis.setAttribute("class", "axis");
    this.axis.setAttribute("aria-hidden", "true");
    this.tip = h("div", { class: "tip", hidden: true });
    this.plot = h(
      "div",
      {
        class: "plot",
        tabindex: "0",
        role: "application",
        "aria-roledescription": "timeline",
        "aria-describedby": "timeline-keys",
        onkeydown: (event) => this.#key(event),
        onpointermove: (event) => this.#hover(event),
        onpointerleave: () => (this.tip.hidden = true),
        onclick: (event) => this.#click(event),
        ondblclick: (event) => this.#enter(event),
      },
      this.canvas,
    );
    this.element = h(
      "section",
      { class: "timeline", "aria-label": "Timeline" },
      h("p", { id: "timeline-keys", class: "unseen" }, "Left and right move in time, plus and minus zoom, up and down scroll, comma and full stop go to the task before and after, Enter opens it, Home shows all, End follows now."),
      this.axis,
      this.plot,
      this.strip,
      this.tip,
    );
    this.base = scaleUtc();
    this.zoom = zoom()
      .filter((event) => !event.button && event.type !== "dblclick" && !(event.type === "wheel" && event.altKey))
      .on("zoom", (event) => this.#zoomed(event));
    select(this.plot).call(this.zoom).on("dblclick.zoom", null);
    this.plot.addEventListener("wheel", (event) => this.#wheel(event), { passive: false });
    this.#stripKeys();
    new ResizeObserver(() => this.resize()).observe(this.plot);
    addEventListener("beforeprint", () => this.#print(true));
    addEventListener("afterprint", () => {
      this.printing = false;
      this.#print(false);
    });
    setInterval(() => this.#live(), 250);
  }

  /** The tasks changed, or which of them are asked for. */
  update() {
    const first = !this.layout.lines.length;
    this.layout = lanesOf(this.store.tasks.values());
    let start = Infinity;
    for (const task of this.store.tasks.values()) if (task.start < start) start = task.start;
    this.start = Number.isFinite(start) ? start : this.store.now() - 3_600_000;
    this.bins = null;
    const label = `Timeline of ${count(this.store.tasks.size)} tasks under ${this.layout.groups.length} masters`;
    this.plot.setAttribute("aria-label", label);
    if (first && this.width) this.#begin();
    else if (first) this.pending = true;
    this.draw();
  }

  resize() {
    const box = this.plot.getBoundingClientRect();
    if (this.printing || !box.width || !box.height) return;
    const domain = this.width ? this.domain() : null;
    this.width = box.width;
    this.height = box.height;
    this.counted = null;
    for (const [canvas, height] of [[this.canvas, this.height], [this.strip, STRIP]]) {
      canvas.width = Math.round(this.width * devicePixelRatio);
      canvas.height = Math.round(height * devicePixelRatio);
    }
    if (domain) this.view(domain[0], domain[1]);
    else if (this.pending || this.layout.lines.length) this.#begin();
    if (this.selected) requestAnimationFrame(() => this.selected && this.#scrollTo(this.selected));
    this.draw();
  }

  /** Take the size that it has on paper, or that of the screen again: while a browser prints it gives no frame to draw in. */
  #print(on) {
    this.element.classList.toggle("printed", on);
    this.resize();
    this.#draw();
    this.printing = on;
  }

  /** What is shown, in milliseconds since the epoch. */
  domain() {
    return this.scale().domain().map(Number);
  }

  scale() {
    return this.transform.rescaleX(this.base);
  }

  get transform() {
    return this.plot.__zoom;
  }

  /** Show a stretch of time. */
  view(start, end) {
    const middle = (start + end) / 2;
    const half = Math.max(SHORTEST, end - start) / 2;
    this.base = (isLocal() ? scaleTime() : scaleUtc()).domain([middle - half, middle + half]).range([0, this.width]);
    const most = (2 * half) / SHORTEST;
    const least = (2 * half) / (4 * Math.max(3_600_000, this.store.now() - this.start));
    this.zoom.scaleExtent([Math.min(1, least), Math.max(1, most)]);
    this.quiet = true;
    select(this.plot).call(this.zoom.transform, zoomIdentity);
    this.quiet = false;
    this.draw();
  }

  /** All of it. */
  fit() {
    const end = this.store.now();
    const room = Math.max(60_000, end - this.start) * 0.03;
    this.view(this.start - room, end + room);
  }

  /** A task, with some room around it. */
  show(task) {
    const end = task.end ?? this.store.now();
    const room = Math.max(5_000, end - task.start) * 1.2;
    this.follow = false;
    this.view(task.start - room, end + room);
    this.#scrollTo(task);
  }

  select(task) {
    this.selected = task;
    if (task && this.width) {
      const [start, end] = this.domain();
      if ((task.end ?? this.store.now()) < start || task.start > end) this.show(task);
      else this.#scrollTo(task);
    }
    this.draw();
  }

  draw() {
    if (this.due || !this.width) return;
    this.due = requestAnimationFrame(() => {
      this.due = 0;
      this.#draw();
    });
  }

  #begin() {
    this.pending = false;
    const now = this.store.now();
    const recent = [...this.store.tasks.values()].map((task) => task.start).sort((a, b) => b - a);
    const oldest = recent[Math.min(Math.floor(recent.length * 0.9), 120)]; // one that began long ago shrinks all others
    const start = Math.min(oldest ?? now - 3_600_000, now - 600_000);
    this.view(Math.max(start, this.start) - (now - start) * 0.02, now + (now - start) * 0.06);
    if (this.selected) this.show(this.selected);
    if (this.at !== null) this.toMoment(this.at);
  }

  /** Mark a moment and bring it into the middle. */
  toMoment(at) {
    this.at = at;
    if (!this.width || this.pending) return;
    const [start, end] = this.domain();
    const half = (end - start) / 2;
    if (at < start || at > end) {
      this.follow = false;
      this.view(at - half, at + half);
    }
    this.draw();
  }

  #live() {
    if (!this.width || document.hidden || this.store.offline || this.pending) return;
    const [start, end] = this.domain();
    const now = this.store.now();
    if (this.follow && now > end - (end - start) * 0.04) {
      const shift = now - end + (end - start) * 0.04;
      const pixel = (end - start) / this.width;
      if (shift > pixel) this.view(start + shift, end + shift);
    } else this.draw();
  }

  #zoomed(event) {
    if (this.quiet) return;
    const source = event.sourceEvent;
    if (source && (source.type === "mousemove" || source.type === "touchmove")) {
      this.#scrollBy(this.lastY - event.transform.y);
      this.dragged = true;
    }
    this.lastY = event.transform.y;
    const now = this.store.now();
    const [start, end] = this.domain();
    this.follow = now >= start && now <= end;
    this.tip.hidden = true;
    this.draw();
  }

  #wheel(event) {
    if (!event.altKey) return;
    event.preventDefault();
    this.#scrollBy(event.deltaY);
  }

  #scrollBy(pixels) {
    const most = Math.max(0, this.layout.height * LANE + 24 - this.height);
    this.scroll = Math.min(most, Math.max(0, this.scroll + pixels));
    this.draw();
  }

  #scrollTo(task) {
    if (!task.lane || !this.width) return;
    this.#place(...this.domain());
    if (task.lane.y === null) return;
    const y = task.lane.y * LANE + 24;
    if (y < this.scroll + 24 || y > this.scroll + this.height - LANE) this.scroll = y - this.height / 2;
    this.#scrollBy(0);
  }

  #key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const plot = select(this.plot);
    const page = this.width * 0.15;
    const keys = {
      ArrowLeft: () => this.zoom.translateBy(plot, page / this.transform.k, 0),
      ArrowRight: () => this.zoom.translateBy(plot, -page / this.transform.k, 0),
      ArrowUp: () => this.#scrollBy(-LANE * 2),
      ArrowDown: () => this.#scrollBy(LANE * 2),
      PageUp: () => this.#scrollBy(-this.height),
      PageDown: () => this.#scrollBy(this.height),
      "+": () => this.zoom.scaleBy(plot, 1.5),
      "=": () => this.zoom.scaleBy(plot, 1.5),
      "-": () => this.zoom.scaleBy(plot, 1 / 1.5),
      Home: () => ((this.follow = true), this.fit()),
      End: () => this.toNow(),
      ",": () => this.#neighbour(-1),
      ".": () => this.#neighbour(1),
      Enter: () => this.selected && this.choose(this.selected, true),
    };
    const act = keys[event.key];
    if (!act) return;
    event.preventDefault();
    act();
    const [start, end] = this.domain();
    if (!",.".includes(event.key)) announce(`${moment(start)} to ${moment(end)}`);
  }

  /** Follow what happens now. */
  toNow() {
    const [start, end] = this.domain();
    const now = this.store.now();
    const width = end - start;
    this.follow = true;
    this.view(now - width * 0.94, now + width * 0.06);
  }

  #neighbour(step) {
    const [start, end] = this.domain();
    const middle = (start + end) / 2;
    const lane = this.selected?.lane ?? this.layout.lines[0];
    if (!lane) return;
    const at = this.selected ? lane.tasks.indexOf(this.selected) + step : firstFrom(lane, middle);
    let task = lane.tasks[at];
    if (!task) {
      const lines = this.layout.lines;
      const next = lines[(lines.indexOf(lane) + step + lines.length) % lines.length];
      task = step > 0 ? next.tasks[0] : next.tasks.at(-1);
    }
    this.choose(task, false);
    announce(this.#words(task));
  }

  #words(task) {
    const end = task.end ?? this.store.now();
    return `${task.id}, ${task.status}, ${short(task.master) || "no master"}, ${span(end - task.start)} from ${moment(task.start)}`;
  }

  #found(event) {
    const box = this.plot.getBoundingClientRect();
    const x = event.clientX - box.left;
    const y = event.clientY - box.top;
    const line = (y + this.scroll - 24) / LANE;
    const lane = this.layout.lines.find((one) => one.y !== null && line >= one.y && line < one.y + 1);
    if (!lane) return null;
    const scale = this.scale();
    const at = +scale.invert(x);
    const near = +scale.invert(x + 3) - at;
    const index = firstFrom(lane, at - near);
    const task = lane.tasks[index];
    return task && task.start <= at + near ? task : null;
  }

  #hover(event) {
    const task = event.buttons ? null : this.#found(event);
    this.plot.style.cursor = task ? "pointer" : "";
    this.tip.hidden = !task;
    if (!task) return;
    const end = task.end ?? this.store.now();
    this.tip.replaceChildren(
      h("b", {}, task.id),
      h("span", { class: "status " + task.status }, `${GLYPHS[task.status]} ${task.status}`, task.flags & ESCALATED ? " ▲ escalated" : ""),
      h("span", {}, `${short(task.master) || "no master"} · ${span(end - task.start)}${task.end === null ? " so far" : ""}`),
      h("span", { class: "muted" }, `${moment(task.start)} → ${task.end === null ? "now" : moment(task.end)}`),
      task.reason ? h("span", {}, task.reason) : null,
    );
    const box = this.element.getBoundingClientRect();
    const left = Math.min(event.clientX - box.left + 14, this.width - this.tip.offsetWidth - 8);
    const below = event.clientY - box.top + 16;
    const above = below - this.tip.offsetHeight - 28;
    this.tip.style.left = `${Math.max(4, left)}px`;
    this.tip.style.top = `${below + this.tip.offsetHeight > box.height && above > 0 ? above : below}px`;
  }

  #click(event) {
    if (this.dragged) {
      this.dragged = false;
      return;
    }
    const task = this.#found(event);
    if (task) this.choose(task, false);
  }

  #enter(event) {
    const task = this.#found(event);
    if (task) this.show(task);
    else this.zoom.scaleBy(select(this.plot), 2);
  }

  /** The colours of the theme, for the canvas. */
  readColours() {
    const style = getComputedStyle(document.documentElement);
    const read = (name) => style.getPropertyValue(name).trim();
    this.colours = Object.fromEntries(STATUSES.map((name) => [name, read(`--${name}`)]));
    for (const name of ["text", "muted", "line", "surface", "accent", "back", "escalated", "on-bar"])
      this.colours[name] = read(`--${name}`);
    this.counted = null;
    this.draw();
  }

  #draw() {
    if (!this.colours) this.readColours();
    const began = performance.now();
    const { colours, width, height } = this;
    const scale = this.scale();
    const [start, end] = scale.domain().map(Number);
    const now = this.store.now();
    select(this.axis)
      .attr("width", width)
      .attr("height", AXIS)
      .selectAll("g")
      .data([0])
      .join("g")
      .attr("transform", `translate(0,${AXIS - 1})`)
      .call(axisTop(scale).ticks(Math.max(2, width / 130)).tickFormat(tick).tickSizeOuter(0));
    const context = this.canvas.getContext("2d");
    context.setTransform(devicePixelRatio, 0, 0, devicePixelRatio, 0, 0);
    context.clearRect(0, 0, width, height);
    context.fillStyle = colours.line;
    for (const at of scale.ticks(Math.max(2, width / 130))) context.fillRect(Math.round(scale(at)), 0, 1, height);
    const perPixel = (end - start) / width;
    const rectangles = STATUSES.map(() => []);
    const faint = [];
    const labels = [];
    const marks = [];
    this.#place(start, end);
    const top = (this.scroll - 24) / LANE;
    const bottom = (this.scroll + height - 24) / LANE;
    for (const lane of this.layout.lines) {
      if (lane.y === null || lane.y + 1 < top || lane.y > bottom) continue;
      this.#drawLane(lane, { start, end, now, perPixel, rectangles, faint, labels, marks });
    }
    context.globalAlpha = 0.16;
    context.fillStyle = colours.muted;
    for (let i = 0; i < faint.length; i += 4) context.fillRect(faint[i], faint[i + 1], faint[i + 2], faint[i + 3]);
    context.globalAlpha = 1;
    for (const [kind, list] of rectangles.entries()) {
      context.fillStyle = colours[STATUSES[kind]];
      for (let i = 0; i < list.length; i += 4) context.fillRect(list[i], list[i + 1], list[i + 2], list[i + 3]);
    }
    this.#drawMarks(context, marks);
    this.#drawLabels(context, labels);
    this.#drawGroups(context, top, bottom);
    this.#drawMoment(context, scale(now), colours.accent, null);
    if (this.at !== null) this.#drawMoment(context, scale(this.at), colours.escalated, moment(this.at));
    if (this.selected?.lane && this.selected.lane.y !== null) this.#drawSelected(context, scale, now);
    this.#drawStrip(start, end, now);
    this.frames++;
    this.lastDraw = performance.now() - began;
  }

  /** Where the lanes stand: of each group those down to the last one in which something is seen. */
  #place(start, end) {
    let y = 0;
    for (const group of this.layout.groups) {
      let last = -1;
      for (const [index, lane] of group.lanes.entries()) {
        const task = lane.tasks[firstFrom(lane, start)];
        if (task && task.start <= end) last = index;
      }
      if (last < 0 && this.selected && group.lanes.includes(this.selected.lane)) last = 0;
      group.y = last < 0 ? null : y;
      group.seen = last + 1;
      for (const [index, lane] of group.lanes.entries()) lane.y = index <= last ? y + index : null;
      if (last >= 0) y += last + 1.8;
    }
    this.layout.height = y;
    const most = Math.max(0, y * LANE + 24 - this.height);
    if (this.scroll > most) this.scroll = most;
  }

  #drawLane(lane, frame) {
    const { start, end, now, perPixel, rectangles, faint, labels, marks } = frame;
    const y = lane.y * LANE + 24 - this.scroll + 2;
    const { tasks, starts, ends, kinds, failed } = lane;
    const narrow = 1.5 * perPixel;
    let index = firstFrom(lane, start);
    let joined = null; // the list whose last mark the next one may lengthen
    while (index < tasks.length) {
      const from = starts[index];
      if (from > end) break;
      const stop = ends[index] === Infinity ? now : ends[index];
      if (stop - from < narrow) {
        // Less than a pixel or two: all that falls there is one mark, red if any of it failed.
        const until = firstFrom(lane, from + narrow, index + 1);
        const x = (from - start) / perPixel;
        const kind = failed[until] > failed[index] ? FAILED : kinds[index];
        const list = this.matches && !this.#anyMatch(tasks, index, until) ? faint : rectangles[kind];
        const tail = list.length - 4;
        if (list === joined && x <= list[tail] + list[tail + 2] + 1) list[tail + 2] = x + 1.5 - list[tail];
        else list.push(x, y, 1.5, BAR);
        joined = list;
        index = until;
        continue;
      }
      joined = null;
      const task = tasks[index];
      const x = Math.max(-2, (from - start) / perPixel);
      const right = Math.min(this.width + 2, (stop - start) / perPixel);
      const wide = Math.max(2, right - x - (right - x > 6 ? 1 : 0));
      if (this.matches && !this.matches(task)) faint.push(x, y, wide, BAR);
      else {
        rectangles[kinds[index]].push(x, y, wide, BAR);
        if (wide > 46) labels.push(task, x, y, wide);
        if (task.flags & (ESCALATED | RUN_FAILED | PARTIAL) && wide > 5) marks.push(task, x, y, wide);
      }
      index++;
    }
  }

  #anyMatch(tasks, from, to) {
    for (let i = from; i < Math.min(to, from + 50); i++) if (this.matches(tasks[i])) return true;
    return false;
  }

  #drawMarks(context, marks) {
    for (let i = 0; i < marks.length; i += 4) {
      const [task, x, y, wide] = [marks[i], marks[i + 1], marks[i + 2], marks[i + 3]];
      if (task.flags & RUN_FAILED && task.status !== "failed") {
        context.fillStyle = this.colours.failed;
        context.fillRect(x, y + BAR - 3, wide, 3);
      }
      if (task.flags & ESCALATED) {
        context.fillStyle = this.colours.escalated;
        context.beginPath();
        context.moveTo(x + wide - 9, y + BAR - 3);
        context.lineTo(x + wide - 1, y + BAR - 3);
        context.lineTo(x + wide - 5, y + 2);
        context.fill();
      }
    }
  }

  #drawLabels(context, labels) {
    context.font = "11px system-ui, sans-serif";
    context.textBaseline = "middle";
    context.fillStyle = this.colours["on-bar"];
    for (let i = 0; i < labels.length && i < 4000; i += 4) {
      const [task, x, y, wide] = [labels[i], labels[i + 1], labels[i + 2], labels[i + 3]];
      const left = Math.max(4, x + 5);
      const room = Math.floor((x + wide - left - 4) / 6.4);
      if (room < 4) continue;
      const name = cutName(shown(task.id).replace(/^task-/, ""), room - 2);
      context.fillText(`${GLYPHS[task.status]} ${name}`, left, y + BAR / 2 + 0.5);
    }
  }

  #drawGroups(context, top, bottom) {
    context.font = "600 11px system-ui, sans-serif";
    context.textBaseline = "alphabetic";
    for (const group of this.layout.groups) {
      if (group.y === null) continue;
      const end = group.y + group.seen;
      if (end + 1 < top || group.y > bottom + 1) continue;
      const y = Math.max(12, group.y * LANE + 24 - this.scroll - 4);
      const text = `${shown(short(group.name)) || "no master yet"}  ${count(group.tasks)}`;
      const wide = context.measureText(text).width;
      context.fillStyle = this.colours.surface;
      context.globalAlpha = 0.85;
      context.fillRect(4, y - 11, wide + 10, 15);
      context.globalAlpha = 1;
      context.fillStyle = this.colours.muted;
      context.fillText(text, 9, y);
    }
  }

  #drawMoment(context, x, colour, text) {
    if (x < 0 || x > this.width) return;
    context.fillStyle = colour;
    context.fillRect(Math.round(x) - 0.5, 0, 1.5, this.height);
    if (!text) return;
    context.font = "11px system-ui, sans-serif";
    const wide = context.measureText(text).width + 10;
    const left = Math.min(Math.max(0, x - wide / 2), this.width - wide);
    context.fillRect(left, this.height - 18, wide, 18);
    context.fillStyle = this.colours.surface;
    context.fillText(text, left + 5, this.height - 5);
  }

  #drawSelected(context, scale, now) {
    const task = this.selected;
    const x = Math.max(-4, scale(task.start));
    const right = Math.min(this.width + 4, scale(task.end ?? now));
    const y = task.lane.y * LANE + 24 - this.scroll + 2;
    context.strokeStyle = this.colours.text;
    context.lineWidth = 2;
    context.strokeRect(x - 2, y - 2, Math.max(5, right - x + 3), BAR + 4);
  }

  #drawStrip(start, end, now) {
    const context = this.strip.getContext("2d");
    const { width, colours } = this;
    const first = this.start;
    const whole = Math.max(60_000, now - first) * 1.04;
    if (!this.bins || this.bins.length !== Math.ceil(width / 2)) {
      this.#count(Math.ceil(width / 2), first, whole, now);
      this.counted = null;
    }
    context.setTransform(devicePixelRatio, 0, 0, devicePixelRatio, 0, 0);
    context.clearRect(0, 0, width, STRIP);
    if (!this.counted) this.#drawCounts();
    context.drawImage(this.counted, 0, 0, width, STRIP);
    const x = ((start - first) / whole) * width;
    const right = ((end - first) / whole) * width;
    context.fillStyle = colours.accent;
    context.globalAlpha = 0.14;
    context.fillRect(x, 0, Math.max(3, right - x), STRIP);
    context.globalAlpha = 1;
    context.strokeStyle = colours.accent;
    context.lineWidth = 1.5;
    context.strokeRect(x, 1, Math.max(3, right - x), STRIP - 2);
    this.whole = [first, whole];
  }

  #drawCounts() {
    const { colours } = this;
    this.counted = new OffscreenCanvas(this.strip.width, this.strip.height);
    const context = this.counted.getContext("2d");
    context.setTransform(devicePixelRatio, 0, 0, devicePixelRatio, 0, 0);
    const most = Math.max(1, ...this.bins.map((bin) => bin[0]));
    for (const [index, [all, failed]] of this.bins.entries()) {
      const tall = Math.ceil((Math.sqrt(all / most)) * (STRIP - 8));
      context.fillStyle = colours.running;
      context.globalAlpha = 0.55;
      context.fillRect(index * 2, STRIP - tall, 1.6, tall);
      context.globalAlpha = 1;
      if (failed) {
        context.fillStyle = colours.failed;
        context.fillRect(index * 2, STRIP - 4, 1.6, 4);
      }
    }
  }

  #count(size, first, whole, now) {
    const change = new Int32Array(size + 1);
    const failed = new Int32Array(size + 1);
    const bin = (at) => Math.max(0, Math.min(size - 1, Math.floor(((at - first) / whole) * size)));
    for (const task of this.store.tasks.values()) {
      change[bin(task.start)]++;
      change[bin(task.end ?? now) + 1]--;
      if (task.status === "failed") failed[bin(task.end)]++;
    }
    this.bins = [];
    let open = 0;
    for (let i = 0; i < size; i++) this.bins.push([(open += change[i]), failed[i]]);
  }

  #stripKeys() {
    const move = (event) => {
      if (event.type === "pointermove" && !event.buttons) return;
      this.strip.setPointerCapture(event.pointerId);
      const box = this.strip.getBoundingClientRect();
      const at = this.whole[0] + ((event.clientX - box.left) / box.width) * this.whole[1];
      const [start, end] = this.domain();
      this.follow = false;
      this.view(at - (end - start) / 2, at + (end - start) / 2);
      const now = this.store.now();
      this.follow = now >= at - (end - start) / 2 && now <= at + (end - start) / 2;
    };
    this.strip.addEventListener("pointerdown", move);
    this.strip.addEventListener("pointermove", move);
  }
}
