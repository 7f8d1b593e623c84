// Verdicts that the server has not confirmed: kept in the browser until it has, through reloads and lost networks.

const PREFIX = "edgewise:event:";
const PATIENCE = 4000;

export function newId() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

export class Outbox {
  constructor(changed) {
    this.changed = changed; // called as (unsaved, problem) whenever either may have changed
    this.memory = new Map(); // what the browser's storage would not take
    this.sending = null;
    this.wait = 500;
    this.timer = 0;
    window.addEventListener("online", () => this.flush());
    window.addEventListener("beforeunload", (event) => {
      if (this.memory.size) event.preventDefault();
    });
  }

  waiting() {
    const found = Array.from(this.memory.values());
    for (let place = 0; place < localStorage.length; place += 1) {
      const key = localStorage.key(place);
      if (key.startsWith(PREFIX)) found.push(JSON.parse(localStorage.getItem(key)));
    }
    return found.sort((one, other) => one.order - other.order);
  }

  add(body) {
    const event = { id: newId(), order: Date.now() + performance.now() / 1e6, body };
    try {
      localStorage.setItem(PREFIX + event.id, JSON.stringify(event));
    } catch {
      this.memory.set(event.id, event);
    }
    return event.id;
  }

  // Send everything in order; true if nothing is left.
  async flush() {
    if (this.sending) await this.sending;
    this.sending = this.sendAll();
    try {
      return await this.sending;
    } finally {
      this.sending = null;
    }
  }

  async sendAll() {
    clearTimeout(this.timer);
    let trouble = "";
    for (const event of this.waiting()) {
      const { problem, refused } = await this.send(event);
      trouble ||= problem;
      if (problem && !refused) break;
      if (problem) continue; // the server will not take this one; those after it still go
      localStorage.removeItem(PREFIX + event.id);
      this.memory.delete(event.id);
    }
    if (trouble) {
      this.timer = setTimeout(() => this.flush(), this.wait);
      this.wait = Math.min(this.wait * 2, 8000);
    } else {
      this.wait = 500;
    }
    this.changed(this.waiting().length, trouble);
    return !trouble;
  }

  async send(event) {
    try {
      const answer = await fetch(`/api/events/${event.id}`, {
        method: "PUT",
        headers: { "content-type": "application/json" },
        body: JSON.stringify(event.body),
        signal: AbortSignal.timeout(PATIENCE),
      });
      if (answer.ok) return { problem: "" };
      if (answer.status === 403) return { problem: "the server was started again; open the address that it printed" };
      const said = (await answer.json().catch(() => ({}))).error ?? `the server answered ${answer.status}`;
      return { problem: said, refused: answer.status < 500 };
    } catch {
      return { problem: "no connection to the server; still trying" };
    }
  }
}
