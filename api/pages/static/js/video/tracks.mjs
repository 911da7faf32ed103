// Owns which tracks of the video are known: read page by page, and again until nothing will be added.

import { get, query } from "../api.mjs";
import { repeated } from "../repeated.mjs";

const PAGE = 200;
const MOST = 1000;
const AGAIN_MS = 4000;
const SHARE = 20;
const MADE_WITHIN_MS = 180_000;
const FOLLOWED = new Set(["objects_detection", "faces_detection", "emotions_detection", "faces_identification"]);
const FACES = new Set(["faces_detection", "emotions_detection", "faces_identification"]);

/** Whether anything of a video is followed. */
export const isFollowed = (video) => video.models_to_run.some(({ name }) => FOLLOWED.has(name));
export const isFace = (track) => FACES.has(track.task);

/** Fires `changed` when others are known, `made` when the last of them are, `marked` when one is to be looked at.
 *
 * `items` are tracks in the order of their first frames, at most 1,000; `cut` says that there are more.
 */
export class Tracks extends EventTarget {
  #known = new Map();
  #asked = false;

  /** `ended` gives when the video ended (ISO 8601), or null. */
  constructor(path, ended, onProblem) {
    super();
    this.path = `${path}/tracks`;
    this.ended = ended;
    this.onProblem = onProblem;
    this.complete = false;
    this.cut = false;
    this.marked = null;
  }

  get items() {
    return [...this.#known.values()];
  }

  /** Read them now, and again while more may come: the seldomer the longer it takes. */
  follow() {
    let pause = AGAIN_MS;
    const stop = repeated(() => pause, async () => {
      const began = performance.now();
      if (await this.#read()) stop();
      pause = Math.max(AGAIN_MS, SHARE * (performance.now() - began));
    });
  }

  /** Look at a track. */
  mark(trackId) {
    this.marked = trackId;
    this.dispatchEvent(new Event("marked"));
  }

  /** Whether that was the last time. */
  async #read() {
    const before = this.complete || !this.#asked;
    try {
      await this.#pages();
    } catch (error) {
      if (error.status === 404) return true;
      this.onProblem(error);
      return false;
    }
    this.#asked = true;
    this.dispatchEvent(new Event("changed"));
    if (this.complete && !before) this.dispatchEvent(new Event("made"));
    return this.complete || this.#isOld();
  }

  /** All of them, in place of those that were known: what has not ended changes. */
  async #pages() {
    const known = new Map();
    let page = await get(query(this.path, { limit: PAGE }));
    for (;;) {
      for (const track of page.items) known.set(track.track_id, track);
      if (page.next_cursor === null || known.size >= MOST) break;
      page = await get(query(this.path, { limit: PAGE, cursor: page.next_cursor }));
    }
    this.#known = known;
    this.complete = page.complete;
    this.cut = page.next_cursor !== null;
  }

  /** Whether it ended so long ago that nobody is at work on its tracks. */
  #isOld() {
    const ended = this.ended();
    return ended !== null && Date.now() - new Date(ended) > MADE_WITHIN_MS;
  }
}
