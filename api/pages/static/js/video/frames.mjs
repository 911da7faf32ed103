// Owns which frames are known: one stretch around the playhead without holes, never the whole video.

import { get, query } from "../api.mjs";
import { grouped } from "./rows.mjs";

const ROWS = 240;
const BACK_ROWS = 1000;
const BACK_FRAMES = 60;
const MOST_FRAMES = 600;
const MOST_PAGES = 20;

/** Frames with their results, read by ranges of frame numbers as they are needed; one reading at a time.
 *
 * `known` holds every frame with rows from number `from` to `to`; `open` says that nothing was stored behind `to` when
 * it was last asked, so that what comes by events may be added there. `span` says the video's first and last time.
 */
export class Frames {
  #reading = Promise.resolve();

  constructor(path, step, span) {
    this.path = `${path}/results`;
    this.step = step;
    this.span = span;
    this.#forget(1);
  }

  /** The frame nearest to a time in seconds; null where there is none. */
  nearest(time) {
    return this.#alone(() => this.#nearest(Math.min(this.span.last, Math.max(this.span.first, time))));
  }

  /** The frame with a number, or the first behind it, or else the last. */
  numbered(number) {
    return this.#alone(async () => {
      await this.#hold(number);
      return this.known.find((frame) => frame.number >= number) ?? this.#nearest(this.span.last);
    });
  }

  /** The first frame behind another one whose time is at least `time`, or else the last; null at the end. */
  after(frame, time = -Infinity) {
    return this.#alone(async () => {
      await this.#hold(frame.number);
      const found = () => this.known.find((one) => one.number > frame.number && one.time >= time);
      for (let page = 0; !found() && !this.open && page < MOST_PAGES; page++) await this.#forward();
      return found() ?? this.known.findLast((one) => one.number > frame.number) ?? null;
    });
  }

  /** The last frame before another one; null at the start. */
  before(frame) {
    return this.#alone(async () => {
      await this.#hold(frame.number);
      const found = () => this.known.findLast((one) => one.number < frame.number);
      for (let page = 0; !found() && this.from > 1 && page < MOST_PAGES; page++) await this.#backward(2 ** page);
      return found() ?? null;
    });
  }

  /** Read anew from a number on: what was known may say more by now. */
  again(number) {
    return this.#alone(() => this.#begin({ frame_from: number }));
  }

  /** Known frames around one, nearest first. */
  around(frame, count) {
    const at = this.known.indexOf(frame);
    const near = [];
    for (let away = 1; at >= 0 && away <= count; away++) near.push(this.known[at + away], this.known[at - away]);
    return near.filter(Boolean);
  }

  /** Take in a row that has just been stored, where it belongs to the stretch that is known. */
  add(row) {
    const number = row.frame_number;
    if (this.known.length > 2 * MOST_FRAMES) this.open = false;
    if (number < this.from || (number > this.to && !this.open)) return;
    const known = this.known.find((frame) => frame.number === number);
    if (known) known.rows = [...known.rows.filter((one) => one.task !== row.task), row];
    else this.known = [...this.known, ...grouped([row])].sort((a, b) => a.number - b.number);
    this.to = Math.max(this.to, number);
  }

  #alone(reading) {
    this.#reading = this.#reading.then(reading, reading);
    return this.#reading;
  }

  async #nearest(time) {
    if (!this.#covers(time)) await this.#begin({ from: Math.max(0, time - 2 * this.#interval()) });
    if (!this.known.length) await this.#begin({ frame_from: 1 });
    const closer = (one, other) => (Math.abs(other.time - time) < Math.abs(one.time - time) ? other : one);
    return this.known.length ? this.known.reduce(closer) : null;
  }

  #interval() {
    const [one, two] = this.known;
    return two ? two.time - one.time : 1;
  }

  #covers(time) {
    const [first, last] = [this.known[0], this.known.at(-1)];
    return first && first.time <= time && (time <= last.time || this.open);
  }

  #forget(from) {
    this.known = [];
    this.from = from;
    this.to = from - 1;
    this.open = false;
  }

  /** Let a frame be in the stretch that is known, or directly behind it. */
  async #hold(number) {
    if (number < this.from || number > this.to + 1) await this.#begin({ frame_from: number });
  }

  /** Forget what is known, and read from somewhere else on. */
  async #begin(place) {
    const asked = { ...place, limit: ROWS };
    let page = await get(query(this.path, asked));
    for (let more = 0; !page.items.length && page.next_cursor && more < MOST_PAGES; more++) {
      page = await get(query(this.path, { ...asked, cursor: page.next_cursor }));
    }
    this.#forget(place.frame_from ?? page.items[0]?.frame_number ?? 1);
    this.#append(page);
  }

  async #forward() {
    this.#append(await get(query(this.path, { frame_from: this.to + 1, limit: ROWS })));
    if (this.known.length <= MOST_FRAMES) return;
    this.known = this.known.slice(-MOST_FRAMES);
    this.from = this.known[0].number;
  }

  /** The last frame of a page may lack rows: the next page begins with it. */
  #append(page) {
    const frames = grouped(page.items);
    const cut = page.next_cursor !== null && frames.length > 1 ? frames.pop() : null;
    this.known = [...this.known, ...frames];
    this.to = cut ? cut.number - 1 : Math.max(this.to, frames.at(-1)?.number ?? 0);
    this.open = page.next_cursor === null;
  }

  /** Read what is before; less of it when there is more than a page. */
  async #backward(times) {
    const to = this.from - 1;
    let from = Math.max(1, this.from - BACK_FRAMES * this.step * times);
    const read = () => get(query(this.path, { frame_from: from, frame_to: to, limit: BACK_ROWS }));
    let page = await read();
    while (page.next_cursor !== null && from < to) {
      from = Math.ceil((from + to) / 2);
      page = await read();
    }
    this.known = [...grouped(page.items), ...this.known];
    this.from = from;
    if (this.known.length > MOST_FRAMES) {
      this.known = this.known.slice(0, MOST_FRAMES);
      this.to = this.known.at(-1).number;
      this.open = false;
    }
  }
}
