// The page: what it is made of, where it is (the address), and what a key or a change does.

import { Attention } from "./attention.js";
import { Detail } from "./detail.js";
import { announce, h, keep, kept, throttled } from "./dom.js";
import { matcher, Store } from "./store.js";
import { Timeline } from "./timeline.js";
import { Tree } from "./tree.js";
import { count, GLYPHS, isLocal, moment, setLocal, STATUSES } from "./words.js";

const store = new Store();
// `.` and `..` are no names in a path: an address drops them.
const addressOf = (id) => (/^\.\.?$/.test(id) && !store.offline ? `/task/?id=${id}` : `/task/${encodeURIComponent(id)}`);
const choose = (task, focus = false) => {
  selected = task;
  go(task ? addressOf(task.id) : "/", null);
  show(focus);
};
const toMoment = (at) => {
  go(selected ? addressOf(selected.id) : "/", new Date(at).toISOString());
  timeline.toMoment(at);
};
let selected = null;
let wanted = null; // a task that the address names and that is not known yet

const attention = new Attention(store, choose);
const tree = new Tree(store, choose);
const timeline = new Timeline(store, choose);
const detail = new Detail(store, choose, toMoment);
const health = h("span", { class: "health", role: "status" });
const chips = h("nav", { class: "chips", "aria-label": "Tasks by status" });
const search = h("input", {
  type: "search",
  placeholder: "find: id, master, status:failed, is:open …",
  "aria-label": "Find tasks",
  spellcheck: "false",
  oninput: throttled(120, () => filter()),
});
const help = h("dialog", { "aria-label": "Keys" },
  h("h2", {}, "Keys"),
  h("dl", { class: "keys" }, [
    ["/", "find tasks"], ["1 2 3 4", "to what needs you, the tasks, the timeline, the task"], ["← →", "earlier, later; in the tree: close, open"],
    ["+ −", "zoom in, out (wheel)"], ["↑ ↓", "move lines (Alt and wheel)"], [", .", "the task before, after on the timeline"],
    ["Home End", "all of the time; follow now"], ["Enter", "into the task"], ["Esc", "out again"], ["t", "UTC or local time"], ["d", "dark or light"], ["?", "this list"],
  ].map(([key, text]) => h("div", {}, h("dt", {}, key), h("dd", {}, text)))),
  h("form", { method: "dialog" }, h("button", {}, "Close")),
);
const button = (label, title, act) => h("button", { type: "button", class: "quiet", title, "aria-label": title, onclick: act }, label);
const zone = button("UTC", "UTC or local time", () => switchZone());

function build() {
  document.body.replaceChildren(
    h("header", { class: "page" },
      h("h1", {}, h("a", { href: "/", onclick: (event) => { if (!store.offline) { event.preventDefault(); choose(null); } } }, "lineage")),
      health, search,
      h("div", { class: "tools" }, button("all", "Show all of the time", () => { timeline.follow = true; timeline.fit(); }), button("now", "Follow now", () => timeline.toNow()), zone,
        button("◐", "Dark or light", () => switchTheme()), button("?", "Keys", () => help.showModal())),
    ),
    chips,
    h("main", {},
      h("div", { class: "side" }, attention.element, h("section", { class: "tasks", "aria-label": "Tasks" }, tree.box)),
      h("div", { class: "middle" }, timeline.element, detail.element),
    ),
    h("p", { id: "said", class: "unseen", "aria-live": "polite" }),
    help,
  );
  detail.element.hidden = true;
}

// What the address says

function read() {
  const path = store.offline ? decodeURIComponent(location.hash.slice(1)) : location.pathname;
  const found = path.match(/^\/task\/(.*)$/s);
  const asked = new URLSearchParams(location.search);
  const id = found ? (store.offline ? found[1] : (asked.get("id") ?? decodeURIComponent(found[1]))) : null;
  const at = Date.parse(asked.get("at") ?? "");
  timeline.at = Number.isNaN(at) ? null : at;
  selected = id === null ? null : (store.tasks.get(id) ?? null);
  wanted = id !== null && !selected ? id : null;
  show(false);
  if (timeline.at !== null) timeline.toMoment(timeline.at);
}

function go(path, at) {
  timeline.at = at === null ? null : Date.parse(at);
  const address = store.offline ? `#${path}` : path + (at === null ? "" : `${path.includes("?") ? "&" : "?"}at=${encodeURIComponent(at)}`);
  if (address !== location.pathname + location.search) history.pushState(null, "", address);
}

function show(focus) {
  timeline.select(selected);
  tree.select(selected);
  detail.show(selected?.id ?? wanted, focus);
  if (selected && !focus) announce(`${selected.id}, ${selected.status}`);
}

// What changes

const big = () => store.tasks.size > 20_000;
const drawTasks = throttled(150, () => {
  tree.update();
  if (!big()) timeline.update();
});
const drawMany = throttled(1500, () => big() && timeline.update());
const askAttention = throttled(2500, () => attention.update());
const drawDetail = throttled(1000, () => (selected || wanted) && detail.show(selected?.id ?? wanted));

let begun = false;
store.addEventListener("tasks", () => {
  if (!begun) {
    begun = true;
    read();
    tree.update();
    timeline.update();
    attention.update();
    performance.mark("first tasks");
  } else {
    if (wanted && store.tasks.has(wanted)) {
      selected = store.tasks.get(wanted);
      wanted = null;
      show(false);
    }
    drawTasks();
    drawMany();
    askAttention();
    drawDetail();
  }
  showChips();
  showHealth();
});
store.addEventListener("health", () => showHealth());

function showChips() {
  const words = search.value.toLowerCase().split(/\s+/);
  const made = STATUSES.filter((status) => store.counts[status]).map((status) =>
    h("button", { type: "button", class: `chip ${status}`, "aria-pressed": String(words.includes(`status:${status}`)), onclick: () => toggle(`status:${status}`) },
      h("span", { "aria-hidden": "true" }, GLYPHS[status]), ` ${status} `, h("b", {}, count(store.counts[status]))),
  );
  const held = document.activeElement?.classList.contains("chip") ? [...chips.children].indexOf(document.activeElement) : -1;
  chips.replaceChildren(...made, h("span", { class: "muted total" }, `${count(store.total)} tasks`));
  if (held >= 0) chips.children[held]?.focus();
}

function showHealth() {
  const told = store.health;
  if (store.offline) {
    timeline.element.hidden = tree.box.parentNode.hidden = !store.tasks.size;
    health.replaceChildren(h("span", { class: "muted" }, store.offline.made));
    return;
  }
  if (told.as_of && told.mode !== "away" && told.loaded) {
    health.replaceChildren(
      h("strong", { class: "banner" }, `◷ as of ${moment(told.as_of)}: what was written by then, and nothing later`), " ",
      h("span", { class: "muted" }, `${count(told.events ?? 0)} events · ${store.directory}`),
    );
    return;
  }
  const [state, word] =
    told.mode === "away" ? ["bad", "● the server is away"]
      : told.missing ? ["bad", "● no journal yet"]
        : !told.loaded ? ["soon", `◔ reading ${Math.round(told.history * 100)}%`]
          : told.problems || told.rejected ? ["soon", `◐ ${told.mode}, ${told.rejected} quarantined`]
            : ["good", `● ${told.mode}`];
  health.replaceChildren(
    h("span", { class: `state ${state}` }, word), " ",
    h("span", { class: "muted" }, `${count(told.events ?? 0)} events · ${told.rate ?? 0}/s · ${store.directory}`),
  );
}

function toggle(word) {
  const words = search.value.split(/\s+/).filter(Boolean);
  const others = words.filter((one) => !one.startsWith("status:"));
  search.value = (words.includes(word) ? others : [...others, word]).join(" ");
  filter();
}

function filter() {
  tree.matches = timeline.matches = matcher(search.value);
  tree.update();
  timeline.draw();
  showChips();
}

// Looks

function switchZone() {
  setLocal(!isLocal());
  zone.textContent = isLocal() ? "local" : "UTC";
  const [start, end] = timeline.domain();
  timeline.view(start, end);
  if (selected) detail.show(selected.id);
}

function switchTheme() {
  const dark = getComputedStyle(document.documentElement).getPropertyValue("--dark").trim() === "1";
  setTheme(dark ? "light" : "dark");
}

function setTheme(name) {
  document.documentElement.dataset.theme = name;
  keep("theme", name);
  timeline.readColours();
}

const places = { 1: () => attention.element.querySelector("button") ?? tree.box, 2: () => tree.box, 3: () => timeline.plot, 4: () => detail.heading };

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || help.open) return;
  if (event.key === "Escape") {
    if (event.target === search) {
      search.value = "";
      filter();
      timeline.plot.focus();
    } else if (selected || wanted) {
      wanted = null;
      choose(null);
      tree.box.focus();
    }
    return;
  }
  if (event.target === search) return;
  if (event.key === "/") search.focus();
  else if (event.key in places) places[event.key]().focus();
  else if (event.key === "t") switchZone();
  else if (event.key === "d") switchTheme();
  else if (event.key === "?") help.showModal();
  else return;
  event.preventDefault();
});

const given = document.getElementById("lineage-data");
const tables = document.getElementById("lineage-tables");
build();
if (given) document.body.append(given);
if (tables) document.querySelector(".middle").append(tables);
const theme = kept("theme");
if (theme) document.documentElement.dataset.theme = theme;
zone.textContent = isLocal() ? "local" : "UTC";
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => timeline.readColours());
addEventListener("popstate", () => read());
addEventListener("hashchange", () => store.offline && read());
addEventListener("beforeprint", () => timeline.resize());
if (!given) setInterval(() => !document.hidden && attention.update(), 20_000);
window.lineage = { store, timeline, choose: (id) => choose(store.tasks.get(id)) }; // for tests and measurements
store.start().catch((error) => {
  health.replaceChildren(h("span", { class: "state bad", role: "alert" }, error.message));
});
