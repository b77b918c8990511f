// The tasks as the server tells them, kept up to date; or as they lie in a page that was exported.

export const ESCALATED = 1;
export const PARTIAL = 2;
export const RUN_FAILED = 4;
export const RETRIED = 16;

export class Store extends EventTarget {
  tasks = new Map();
  counts = {};
  health = {};
  directory = "";
  total = 0;
  traces = false; // whether the server knows where the trace of a task can be seen
  offline = null; // the data of an exported page
  skew = 0; // the server's clock less ours
  #version = 0;
  #instance = "";
  #pause = 500;

  now() {
    return this.offline ? this.offline.now : (this.health.as_of ?? Date.now() + this.skew);
  }

  async start() {
    const data = document.getElementById("lineage-data");
    if (data) {
      this.offline = JSON.parse(data.textContent);
      this.directory = this.offline.directory;
      this.#take(this.offline.tasks);
      this.total = this.tasks.size;
      this.#tell("tasks");
      return;
    }
    await this.#load(1500); // what happened last is on the screen while the rest is on its way
    if (this.total > this.tasks.size) await this.#load();
    this.#follow();
  }

  async #load(limit) {
    const answer = await fetch("/page/tasks" + (limit ? `?limit=${limit}` : ""));
    if (!answer.ok) throw new Error((await answer.json()).error);
    const told = await answer.json();
    if (this.#instance !== told.instance) this.tasks.clear();
    this.#instance = told.instance;
    this.#version = told.version;
    this.directory = told.directory;
    this.total = told.total;
    this.traces = told.traces;
    this.#heard(told.health);
    this.#take(told.tasks);
    this.#tell("tasks");
  }

  #follow() {
    const socket = new WebSocket(
      `${location.protocol.replace("http", "ws")}//${location.host}/ws/tasks?instance=${this.#instance}&version=${this.#version}`,
    );
    let reload = false;
    socket.onmessage = (message) => {
      const told = JSON.parse(message.data);
      this.#pause = 500;
      if (told.reload) {
        reload = true;
        return;
      }
      this.#version = told.version;
      this.#heard(told.health);
      if (told.tasks.length) {
        this.#take(told.tasks);
        this.total = this.tasks.size;
        this.#tell("tasks");
      } else this.#tell("health");
    };
    socket.onclose = async () => {
      if (!reload) {
        this.health = { ...this.health, mode: "away" };
        this.#tell("health");
      }
      await new Promise((done) => setTimeout(done, reload ? 100 : this.#pause));
      this.#pause = Math.min(10_000, this.#pause * 2);
      if (reload)
        try {
          await this.#load();
        } catch {
          // the server is away: the next attempt tells
        }
      this.#follow();
    };
  }

  #heard(health) {
    this.health = health;
    this.skew = health.now - Date.now();
  }

  #take(rows) {
    for (const row of rows) {
      const id = row[0];
      const old = this.tasks.get(id);
      if (old) this.counts[old.status]--;
      const task = old ?? { id };
      [, task.start, task.end, task.status, task.master, task.group, task.parent] = row;
      [, , , , , , , task.flags, task.percent, task.last, task.priority, task.reason] = row;
      this.counts[task.status] = (this.counts[task.status] ?? 0) + 1;
      if (!old) this.tasks.set(id, task);
    }
  }

  #tell(what) {
    this.dispatchEvent(new Event(what));
  }

  /** A document of the API, or what an exported page holds of it. */
  async ask(query, parameters) {
    if (this.offline) {
      const known = this.offline.answers[query]?.[parameters.task ?? ""];
      if (known === undefined) throw new Error("not in this file");
      return known;
    }
    const answer = await fetch(`/api/v1/${query}?${new URLSearchParams(parameters)}`);
    const told = await answer.json();
    if (!answer.ok) throw new Error(told.error);
    return told;
  }
}

/** Which tasks a text asks for: words that all have to occur, `status:failed,blocked` among them. */
export function matcher(text) {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  if (!words.length) return null;
  const tests = words.map((word) => {
    const [key, value] = word.split(/:(.*)/s);
    if (key === "status" && value) return (task) => value.split(",").includes(task.status);
    if (key === "is" && value === "open") return (task) => task.end === null;
    if (key === "master" && value !== undefined) return (task) => (task.master ?? "").toLowerCase().includes(value);
    return (task) =>
      task.id.toLowerCase().includes(word) ||
      (task.master ?? "").toLowerCase().includes(word) ||
      task.group.toLowerCase().includes(word) ||
      (task.reason ?? "").toLowerCase().includes(word);
  });
  return (task) => tests.every((test) => test(task));
}
