// Owns the moving picture: the stored frames as a real video, part after part, with the same boxes over it.

import { get, query } from "../api.mjs";
import { element, setText } from "../elements/element.mjs";

const PART_FRAMES = 300;
const PART_SECONDS = 60;

/** Plays from the playhead on; whoever moves elsewhere meanwhile is back at single frames. */
export class Film {
  #video = null;
  #began = 0;
  #own = false;

  constructor(button, path, { playhead, pictures, player, screen, onProblem }) {
    Object.assign(this, { button, path, playhead, pictures, player, screen, onProblem });
    button.addEventListener("click", () => (this.#video ? this.stop() : this.start()));
    playhead.addEventListener("moved", () => this.#own || this.stop());
  }

  /** Show the film from the playhead on; making it takes a moment. */
  start() {
    const { frame } = this.playhead;
    if (!frame) return;
    this.player.pause();
    this.#video ??= this.#made();
    this.#began = frame.time;
    this.screen.moving = true;
    this.#video.src = this.#address(frame.time);
    this.#label();
    this.#video.play().catch(() => {});  // `error` says why
  }

  /** Back to single frames. */
  stop() {
    if (!this.#video) return;
    this.#video.removeAttribute("src");
    this.#video.remove();
    this.#video = null;
    this.screen.moving = false;
    this.#label();
    this.screen.show();
  }

  #address(from) {
    const to = from + Math.min(PART_SECONDS, PART_FRAMES * (this.player.interval || 1));
    return query(`${this.path}/clip`, { from, to, annotate: false, blur: this.pictures.blur ? "faces" : null });
  }

  #made() {
    const video = element("video", { controls: true, playsinline: true, muted: true, "aria-label": "The frames as a video" });
    video.addEventListener("error", () => video.src && this.#failed());
    video.addEventListener("loadeddata", () => this.screen.replace(video));
    video.addEventListener("ended", () => this.#next());
    const seen = (now, { mediaTime }) => {
      if (video !== this.#video) return;
      this.#follow(this.#began + mediaTime).catch(this.onProblem);
      video.requestVideoFrameCallback(seen);
    };
    video.requestVideoFrameCallback(seen);
    return video;
  }

  async #follow(time) {
    const frame = await this.playhead.frames.nearest(time);
    if (this.#video && frame && frame !== this.playhead.frame) this.#show(frame);
  }

  #show(frame) {
    this.#own = true;
    this.playhead.show(frame);
    this.#own = false;
  }

  async #next() {
    const next = await this.playhead.frames.after(this.playhead.frame);
    if (!next) return this.stop();
    this.#show(next);
    return this.start();
  }

  async #failed() {
    const address = this.#video.src;
    this.stop();
    try {
      await get(address);  // says why
    } catch (problem) {
      this.onProblem(problem.status ? problem : new Error("This browser cannot play the film"));
    }
  }

  #label() {
    setText(this.button, this.#video ? "Back to frames" : "As a film");
  }
}
