// Owns the lines and zones of the video as they are kept.

import { get, request } from "../api.mjs";

export const LINES = "lines";
export const ZONES = "zones";

/** Fires `changed` once they are known, and whenever others are kept. */
export class Regions extends EventTarget {
  constructor(path) {
    super();
    this.path = `${path}/regions`;
    this.lines = [];
    this.zones = [];
  }

  get none() {
    return !this.lines.length && !this.zones.length;
  }

  async load() {
    this.#take(await get(this.path));
  }

  /** Keep a line or zone, in place of the one with the name `before` if there was one; throws the Problem of a refusal. */
  keep(kind, region, before = null) {
    return this.#save(kind, (known) => {
      const at = known.findIndex(({ name }) => name === before);
      return at < 0 ? [...known, region] : known.with(at, region);
    });
  }

  drop(kind, name) {
    return this.#save(kind, (known) => known.filter((one) => one.name !== name));
  }

  /** All are kept at once: they are read again first, so that what somebody else has drawn meanwhile stays. */
  async #save(kind, change) {
    const { lines, zones } = await get(this.path);
    const known = { lines, zones };
    this.#take(await request(this.path, { method: "PUT", json: { ...known, [kind]: change(known[kind]) } }));
  }

  #take({ lines, zones }) {
    [this.lines, this.zones] = [lines, zones];
    this.dispatchEvent(new Event("changed"));
  }
}
