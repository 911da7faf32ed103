// Owns the moving picture: the stored frames as a real video, part after part, with the same boxes over it.

import { query } from "../api.mjs";
import { element, setText } from "../elements/element.mjs";
import { fetchClip } from "./clip.mjs";

const FIRST_FRAMES = 25;
const PART_FRAMES = 75;
const PART_SECONDS = 20;

/** Plays from the playhead on, a short part first so that it begins soon, and fetches each part while the one before is
 * shown. Whoever moves elsewhere meanwhile is back at single frames.
 */
export class Film {
  #video = null;
  #part = null;
  #next = null;
  #leaving = null;
  #own = false;

  constructor(button, path, { playhead, pictures, player, screen, onProblem }) {
    Object.assign(this, { button, path, playhead, pictures, player, screen, onProblem });
    button.addEventListener("click", () => (this.#video ? this.stop() : this.start()));
    playhead.addEventListener("moved", () => this.#own || this.stop());
  }

  /** Show the film from the playhead on; making it takes a moment. */
  start() {
    if (!this.playhead.frame) return;
    this.player.pause();
    this.#leaving = new AbortController();
    this.#video = this.#made();
    setText(this.button, "The film is being made …");
    this.#next = this.#fetch(this.playhead.frame, FIRST_FRAMES, this.#leaving.signal);
    this.#turn();
  }

  /** Back to single frames. */
  stop() {
    if (!this.#video) return;
    this.#leaving.abort();
    this.#video.remove();
    this.#video = null;
    this.#release();
    this.screen.moving = false;
    setText(this.button, "As a film");
    this.screen.show();
  }

  /** Show the part that was fetched, and fetch the one behind it. */
  async #turn() {
    const { signal } = this.#leaving;
    try {
      const part = await this.#next;
      if (signal.aborted) return;
      this.#release();
      if (!part) return this.stop();
      this.#part = { ...part, address: URL.createObjectURL(part.clip) };
      this.#video.src = this.#part.address;
      this.#next = this.#behind(part, signal);
      this.#next.catch(() => {});  // it is told when its turn comes
      await this.#video.play();
    } catch (problem) {
      if (signal.aborted) return;
      this.stop();
      this.onProblem(problem);
    }
  }

  async #fetch(frame, frames, signal) {
    const to = frame.time + Math.min(PART_SECONDS, frames * (this.player.interval || 1));
    const asked = { from: frame.time, to, annotate: false, blur: this.pictures.blur ? "faces" : null };
    const clip = await fetchClip(query(`${this.path}/clip`, asked), signal);
    return { frame, to, clip };
  }

  async #behind({ frame, to }, signal) {
    const next = await this.playhead.frames.after(frame, to + 1e-6);
    return next && next.time > to ? this.#fetch(next, PART_FRAMES, signal) : null;
  }

  #release() {
    if (this.#part) URL.revokeObjectURL(this.#part.address);
    this.#part = null;
  }

  #made() {
    const video = element("video", { controls: true, playsinline: true, "aria-label": "The frames as a video" });
    video.addEventListener("loadeddata", () => this.#begin(video));
    video.addEventListener("ended", () => this.#turn());
    const seen = (now, { mediaTime }) => {
      if (video !== this.#video) return;
      this.#follow(this.#part.frame.time + mediaTime).catch(this.onProblem);
      video.requestVideoFrameCallback(seen);
    };
    video.requestVideoFrameCallback(seen);
    return video;
  }

  #begin(video) {
    this.screen.moving = true;
    this.screen.replace(video);
    setText(this.button, "Back to frames");
  }

  async #follow(time) {
    const frame = await this.playhead.frames.nearest(time);
    if (!this.#video || !frame || frame === this.playhead.frame) return;
    this.#own = true;
    this.playhead.show(frame);
    this.#own = false;
  }
}
