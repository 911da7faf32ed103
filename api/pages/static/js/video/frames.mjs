// Owns which frames are known: one stretch around the playhead without holes, never the whole video.

import { get, query } from "../api.mjs";

const ROWS = 240;
const MOST_FRAMES = 600;
const MOST_PAGES = 20;
const BACK_FRAMES = 60;
const LAST_NUMBER = 2 ** 53;

/** The rows of results by frame: `{number, time, capturedAt, rows}`, ascending. */
function grouped(items) {
  const found = new Map();
  for (const row of items) {
    const number = row.frame_number;
    if (!found.has(number)) found.set(number, { number, time: row.media_time, capturedAt: row.captured_at, rows: [] });
    found.get(number).rows.push(row);
  }
  return [...found.values()];
}

/** Frames with their results, read by ranges of frame numbers as they are needed.
 *
 * `known` holds every frame with rows from number `from` to `to`; `open` says that nothing was stored behind `to` when
 * it was last asked, so that what comes by events may be added there.
 */
export class Frames {
  constructor(path, step) {
    this.path = `${path}/results`;
    this.step = step;
    this.#forget(1);
  }

  #forget(from) {
    this.known = [];
    this.from = from;
    this.to = from - 1;
    this.open = false;
  }

  /** The frame nearest to a time in seconds; null where there is none. */
  async nearest(time) {
    if (!this.#spans(time)) await this.#begin({ from: Math.max(0, time - 2 * this.#seconds()) });
    if (!this.known.length) await this.#begin({ frame_from: 1 });
    return this.known.reduce((best, one) => (Math.abs(one.time - time) < Math.abs((best ?? one).time - time) ? one : best ?? one), null);
  }

  /** The frame with a number, or the first behind it, or else the last before it. */
  async numbered(number) {
    if (number < this.from || number > this.to) await this.#begin({ frame_from: number });
    const found = this.known.find((frame) => frame.number >= number);
    return found ?? (await this.before({ number }));
  }

  /** The first frame behind another one whose time is at least `time`; null at the end. */
  async after(frame, time = -Infinity) {
    const found = () => this.known.find((one) => one.number > frame.number && one.time >= time);
    for (let page = 0; !found() && page < MOST_PAGES; page++) {
      if (!(await this.#forward())) break;
    }
    return found() ?? this.known.findLast((one) => one.number > frame.number) ?? null;
  }

  /** The last frame before another one; null at the start. */
  async before(frame) {
    const found = () => this.known.findLast((one) => one.number < frame.number);
    for (let page = 0; !found() && this.from > 1 && page < MOST_PAGES; page++) await this.#backward(2 ** page);
    return found() ?? null;
  }

  /** The frames around one that are known already, nearest first. */
  around(frame, count) {
    const at = this.known.indexOf(frame);
    const near = [];
    for (let away = 1; away <= count; away++) near.push(this.known[at + away], this.known[at - away]);
    return near.filter(Boolean);
  }

  /** Take in a row that has just been stored, where it belongs to the stretch that is known. */
  add(row) {
    const number = row.frame_number;
    if (number < this.from || (number > this.to && !this.open) || this.known.length > 2 * MOST_FRAMES) return;
    const known = this.known.find((frame) => frame.number === number);
    if (!known) this.known = [...this.known, ...grouped([row])].sort((a, b) => a.number - b.number);
    else known.rows = [...known.rows.filter((one) => one.task !== row.task), row];
    this.to = Math.max(this.to, number);
  }

  #seconds() {
    const [one, two] = this.known;
    return two ? two.time - one.time : 1;
  }

  #spans(time) {
    const first = this.known[0];
    const last = this.known.at(-1);
    return first && ((first.time <= time && time <= last.time) || (time > last.time && this.open));
  }

  /** Forget what is known, and read from somewhere else on. */
  async #begin(place) {
    let page = await get(query(this.path, { ...place, limit: ROWS }));
    for (let more = 0; !page.items.length && page.next_cursor && more < MOST_PAGES; more++) {
      page = await get(query(this.path, { ...place, limit: ROWS, cursor: page.next_cursor }));
    }
    this.#forget(place.frame_from ?? page.items[0]?.frame_number ?? LAST_NUMBER);
    this.#append(page);
  }

  async #forward() {
    if (this.open) return false;
    const page = await get(query(this.path, { frame_from: this.to + 1, limit: ROWS }));
    this.#append(page);
    if (this.known.length > MOST_FRAMES) {
      this.known = this.known.slice(-MOST_FRAMES);
      this.from = this.known[0].number;
    }
    return page.items.length > 0;
  }

  /** The last frame of a page may lack rows: the next page begins with it. */
  #append(page) {
    const frames = grouped(page.items);
    const cut = page.next_cursor !== null && frames.length > 1 ? frames.pop() : null;
    this.known = [...this.known, ...frames];
    this.to = cut ? cut.number - 1 : Math.max(this.to, frames.at(-1)?.number ?? 0);
    this.open = page.next_cursor === null;
  }

  async #backward(times) {
    const from = Math.max(1, this.from - BACK_FRAMES * this.step * times);
    const asked = { frame_from: from, frame_to: this.from - 1, limit: 1000 };
    const items = [];
    for (let cursor = null, more = 0; more < MOST_PAGES; more++) {
      const page = await get(query(this.path, { ...asked, cursor }));
      items.push(...page.items);
      cursor = page.next_cursor;
      if (cursor === null) break;
    }
    this.known = [...grouped(items), ...this.known];
    this.from = from;
    if (this.known.length > MOST_FRAMES) {
      this.known = this.known.slice(0, MOST_FRAMES);
      this.to = this.known.at(-1).number;
      this.open = false;
    }
  }
}
