// Times, durations and states as a person reads them. Times are milliseconds since the epoch.

import { keep, kept } from "./dom.js";
import { timeFormat, utcFormat } from "d3-time-format";

export const STATUSES = ["running", "blocked", "failed", "assigned", "queued", "completed", "cancelled", "unknown"];
export const GLYPHS = {
  running: "▶",
  blocked: "‖",
  failed: "✗",
  assigned: "◔",
  queued: "○",
  completed: "✓",
  cancelled: "⊘",
  unknown: "·",
  success: "✓",
  partial: "◑",
  zombie: "☠",
  spawn: "◌",
  run: "▶",
};

let local = kept("time") === "local";

export const isLocal = () => local;
export function setLocal(value) {
  local = value;
  keep("time", local ? "local" : "utc");
}

const format = (specifier) => {
  const utc = utcFormat(specifier);
  const here = timeFormat(specifier);
  return (at) => (local ? here : utc)(new Date(at));
};
const full = format("%Y-%m-%d %H:%M:%S");
const clock = format("%H:%M:%S");
const ticks = [
  [1000, format(":%S.%L")],
  [60_000, format("%H:%M:%S")],
  [86_400_000, format("%H:%M")],
  [28 * 86_400_000, format("%a %d %b")],
  [364 * 86_400_000, format("%B")],
  [Infinity, format("%Y")],
];

export const moment = (at) => full(at) + (local ? "" : "Z");
export const timeOfDay = (at) => clock(at);

/** A tick of the axis: as coarse as the moment is round. */
export function tick(date) {
  const at = +date;
  const shifted = local ? at - new Date(at).getTimezoneOffset() * 60_000 : at;
  if (shifted % 1000) return ticks[0][1](at);
  if (shifted % 60_000) return ticks[1][1](at);
  if (shifted % 86_400_000) return ticks[2][1](at);
  const day = local ? new Date(at).getDate() : new Date(at).getUTCDate();
  const month = local ? new Date(at).getMonth() : new Date(at).getUTCMonth();
  return day > 1 ? ticks[3][1](at) : month ? ticks[4][1](at) : ticks[5][1](at);
}

/** A duration in at most six characters. */
export function span(milliseconds) {
  const ms = Math.max(0, milliseconds);
  if (ms < 1000) return `${Math.round(ms)}ms`;
  const s = Math.floor(ms / 1000);
  if (s < 60) return `${s}s`;
  const two = (n) => String(n).padStart(2, "0");
  const m = Math.floor(s / 60);
  if (m < 60) return `${m}m${two(s % 60)}s`;
  const hours = Math.floor(m / 60);
  if (hours < 24) return `${hours}h${two(m % 60)}m`;
  const days = Math.floor(hours / 24);
  return days < 100 ? `${days}d${two(hours % 24)}h` : `${days}d`;
}

export const count = (n) => n.toLocaleString("en");
export const short = (master) => (master ?? "").replace(/-master$/, "");

/** A name in at most so many characters: cut in its middle, as most names differ in their ends. */
export function cutName(name, most) {
  if (name.length <= most) return name;
  if (most < 8) return name.slice(0, Math.max(1, most - 1)) + "…";
  const end = Math.ceil((most - 1) / 2);
  return name.slice(0, most - 1 - end) + "…" + name.slice(-end);
}
