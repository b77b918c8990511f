// Tasks in lanes: under each master as few lines as it takes, so that no bar lies over another.

import { STATUSES } from "./words.js";

/** A lane: its tasks by start; failed[i]: how many of the first i failed; and what drawing needs, in plain arrays. */
class Lane {
  tasks = [];
  failed = [0];
  y = null;
}

/** The lanes of all tasks, by master. The y of a lane is the timeline's to say: null while it is not shown. */
export function lanesOf(tasks) {
  const groups = new Map();
  const sorted = [...tasks].sort((a, b) => a.start - b.start || (a.id < b.id ? -1 : 1));
  for (const task of sorted) {
    const name = task.master ?? "";
    let group = groups.get(name);
    if (!group) groups.set(name, (group = { name, lanes: [], free: [], busy: [], tasks: 0 }));
    group.tasks++;
    const end = task.end === null ? Infinity : Math.max(task.end, task.start);
    while (group.busy.length && group.busy[0].key <= task.start) {
      const { lane } = pop(group.busy);
      push(group.free, { key: lane.index, lane });
    }
    let lane;
    if (group.free.length) lane = pop(group.free).lane; // the highest that is free
    else {
      lane = new Lane();
      lane.index = group.lanes.push(lane) - 1;
    }
    lane.tasks.push(task);
    lane.failed.push(lane.failed[lane.failed.length - 1] + (task.status === "failed" ? 1 : 0));
    task.lane = lane;
    push(group.busy, { key: end, lane });
  }
  const order = [...groups.values()].sort((a, b) => (!a.name - !b.name) || (a.name < b.name ? -1 : 1));
  for (const group of order) {
    delete group.free;
    delete group.busy;
    for (const lane of group.lanes) {
      lane.ends = Float64Array.from(lane.tasks, (task) => task.end ?? Infinity);
      lane.starts = Float64Array.from(lane.tasks, (task) => task.start);
      lane.kinds = Uint8Array.from(lane.tasks, (task) => Math.max(0, STATUSES.indexOf(task.status)));
      lane.failed = Int32Array.from(lane.failed);
    }
  }
  return { groups: order, lines: order.flatMap((group) => group.lanes), height: 0 };
}

/** The first task of a lane, from `low` on, that does not end before a time; no two of them overlap. */
export function firstFrom(lane, at, low = 0) {
  const ends = lane.ends;
  let high = ends.length;
  for (let step = 1; low + step < high; step *= 2) {
    // what is sought is mostly near: look in ever longer steps first
    if (ends[low + step] >= at) {
      high = low + step;
      break;
    }
    low += step;
  }
  while (low < high) {
    const middle = (low + high) >> 1;
    if (ends[middle] < at) low = middle + 1;
    else high = middle;
  }
  return low;
}

function push(heap, item) {
  let at = heap.push(item) - 1;
  while (at) {
    const up = (at - 1) >> 1;
    if (heap[up].key <= item.key) break;
    heap[at] = heap[up];
    at = up;
  }
  heap[at] = item;
}

function pop(heap) {
  const top = heap[0];
  const item = heap.pop();
  if (heap.length) {
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && heap[child + 1].key < heap[child].key) child++;
      if (heap[child].key >= item.key) break;
      heap[at] = heap[child];
      at = child;
    }
    heap[at] = item;
  }
  return top;
}
