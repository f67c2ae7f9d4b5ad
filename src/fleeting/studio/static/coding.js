// One coder's events: shown at once, saved in order, kept in the browser until the server has them on its disk.
import { get, post } from "./api.js";

const RETRY_MS = 1500;
const CODED = ["verdict", "kind", "face", "onset", "apex", "offset", "emotion", "aus", "note"];

export class Coding {
  // hear: { changed(), trouble(text or null), refused(text), went(id) }
  constructor(analysis, coder, hear) {
    Object.assign(this, { path: `/analyses/${analysis}`, coder, hear });
    this.key = `fleeting.unsaved.${analysis}.${coder}`;
    this.waiting = JSON.parse(sessionStorage.getItem(this.key) ?? "[]");
    this.candidates = [];
    this.state = { events: [], gone: {}, undo: 0, redo: 0, finished: false, progress: {} };
    this.sending = false;
    this.tabs = new BroadcastChannel(this.key);
    this.tabs.onmessage = () => this.refresh();
    document.addEventListener("visibilitychange", () => { if (!document.hidden) this.refresh(); });
  }

  async refresh() {
    if (this.sending || this.waiting.length) return this.send();
    this.take(await get(`${this.path}/coding?coder=${encodeURIComponent(this.coder)}`));
  }

  take(state) {
    this.state = state;
    this.local = new Map();
    for (const each of this.waiting) if (each.id && each.after !== undefined) this.local.set(each.id, each.after);
    this.hear.changed();
  }

  // All events as they are here, saved or about to be; weaker candidates last.
  events() {
    const known = new Map(this.state.events.map((event) => [event.id, event]));
    for (const candidate of this.candidates) {
      if (!known.has(candidate.id)) known.set(candidate.id, { ...candidate, revision: this.state.gone[candidate.id] ?? 0 });
    }
    for (const [id, after] of this.local ?? []) {
      if (after === null) known.delete(id);
      else known.set(id, { source: "coder", certain: true, probabilities: {}, regions: "", score: null, ...known.get(id), ...after, id, revision: known.get(id)?.revision || -1 });
    }
    return [...known.values()];
  }

  find(id) { return this.events().find((event) => event.id === id); }

  // Set some of an event's fields; null takes out one that was added.
  change(id, fields) {
    const now = this.find(id) ?? {};
    const after = fields === null ? null : Object.fromEntries(CODED.map((name) => [name, fields[name] ?? now[name]]));
    const revision = now.revision > 0 ? now.revision : this.state.gone[id] ?? 0;
    this.enqueue({ id, after, revision });
  }

  act(act, id) { this.enqueue({ act, ...(id ? { event: id } : {}) }); }

  enqueue(what) {
    this.waiting.push(what);
    this.store();
    this.take(this.state);
    return this.send();
  }

  store() { sessionStorage.setItem(this.key, JSON.stringify(this.waiting)); }

  async send() {
    if (this.sending) return;
    this.sending = true;
    try {
      while (this.waiting.length) {
        const what = this.waiting[0];
        const answer = await this.one(what);
        if (answer === "again") return;
        this.waiting.shift();
        this.store();
        if (answer) {
          // What follows in the line was made of what this one leaves.
          if (what.id) for (const later of this.waiting) if (later.id === what.id) later.revision = answer.events.find((e) => e.id === what.id)?.revision ?? answer.gone[what.id] ?? 0;
          this.hear.trouble(null);
          this.take(answer);
          if (answer.event) this.hear.went(answer.event);
          this.tabs.postMessage("changed");
        }
      }
    } finally { this.sending = false; }
  }

  async one(what) {
    try {
      return what.act
        ? await post(`${this.path}/acts`, { coder: this.coder, act: what.act, ...(what.event ? { id: what.event } : {}) })
        : await post(`${this.path}/changes`, { coder: this.coder, id: what.id, revision: what.revision, after: what.after });
    } catch (error) {
      if (error.status && error.status !== 403 && error.status !== 507) {
        this.hear.refused(error.message);
        setTimeout(() => this.refresh());
        return null;
      }
      const n = this.waiting.filter((each) => each.act !== "seen").length;
      const why = error.status ? error.message : "The studio does not answer. Start it again: fleeting studio.";
      this.hear.trouble(`${why} ${n === 1 ? "One correction is" : `${n} corrections are`} kept in this tab, and saved as soon as it can be.`);
      setTimeout(() => this.send(), RETRY_MS);
      return "again";
    }
  }
}
