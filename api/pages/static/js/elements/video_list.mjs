// Owns a list of videos that keeps itself up to date without asking for what cannot have changed.

import { get, query } from "../api.mjs";
import { VideoRow, hasEnded } from "./video_row.mjs";

const OPEN_MS = 2000;
const NEW_MS = 15_000;
const MOST_OPEN = 8;

/** A list in `place` (an ul): `asked` are the parameters of the listing. `on.shown(rows, more)` hears of each change,
 * `on.refused(problem)` of what the service would not tell.
 */
export class VideoList {
  constructor(place, on) {
    this.place = place;
    this.on = on;
    this.rows = new Map();
    this.asked = {};
    this.next = null;
    this.asking = null;
    setInterval(() => this.#whenLooked(() => this.#refreshOpen()), OPEN_MS);
    setInterval(() => this.#whenLooked(() => this.#first(false)), NEW_MS);
    document.addEventListener("visibilitychange", () => this.#whenLooked(() => this.#first(false)));
  }

  /** Show another listing from its beginning. */
  async show(asked) {
    this.asked = asked;
    await this.#first(true);
  }

  /** Show the next page too. */
  async more() {
    const page = await this.#page({ cursor: this.next });
    if (page) this.#take(page, true);
  }

  #whenLooked(refresh) {
    if (!document.hidden) refresh();
  }

  async #first(anew) {
    if (!anew && this.asking) return;
    const page = await this.#page({});
    if (!page) return;
    if (anew) this.#clear();
    this.#take(page, anew);
  }

  /** A page; null when a newer question has been asked meanwhile, or it was refused. */
  async #page(more) {
    this.asking?.abort();
    const asking = (this.asking = new AbortController());
    try {
      const page = await get(query("/analysis/videos", { ...this.asked, ...more }), { signal: asking.signal });
      this.on.refused(null);
      return page;
    } catch (problem) {
      if (problem.name !== "AbortError") this.on.refused(problem);
      return null;
    } finally {
      if (this.asking === asking) this.asking = null;
    }
  }

  #clear() {
    this.rows.clear();
    this.place.replaceChildren();
  }

  /** What is known is shown anew where it stands; what is new comes to the end of a page, or before all else. */
  #take(page, goesOn) {
    const fresh = [];
    for (const video of page.items) {
      const row = this.rows.get(video.video_id);
      if (row) row.show(video);
      else fresh.push(this.#row(video));
    }
    if (goesOn) {
      this.place.append(...fresh);
      this.next = page.next_cursor;
    } else this.place.prepend(...fresh);
    this.#tell();
  }

  #row(video) {
    const told = { made: () => this.#first(false), deleted: (gone) => this.#remove(gone.video_id) };
    const row = new VideoRow(video, told);
    this.rows.set(video.video_id, row);
    return row.node;
  }

  #remove(videoId) {
    const node = this.rows.get(videoId)?.node;
    const held = node?.contains(document.activeElement) || document.activeElement === document.body;
    const neighbour = node?.nextElementSibling || node?.previousElementSibling;
    node?.remove();
    this.rows.delete(videoId);
    if (held) (neighbour?.querySelector("a") || document.getElementById("main")).focus();
    this.#tell();
  }

  #tell() {
    this.on.shown(this.rows.size, this.next !== null);
  }

  async #refreshOpen() {
    if (this.refreshing) return;
    this.refreshing = true;
    const open = [...this.rows.values()].filter((row) => !hasEnded(row.video) && isSeen(row.node)).slice(0, MOST_OPEN);
    await Promise.allSettled(open.map((row) => this.#refresh(row)));
    this.refreshing = false;
  }

  async #refresh(row) {
    try {
      row.show(await get(`/analysis/${row.video.video_id}`));
    } catch (problem) {
      if (problem.status === 404) this.#remove(row.video.video_id);
    }
  }
}

function isSeen(node) {
  const { top, bottom } = node.getBoundingClientRect();
  return bottom > 0 && top < innerHeight;
}
