// Owns where one is in the video: the frame that is shown; of several wishes the last one counts.

/** Fires `moved` when another frame is to be shown; its `frame` is null until the first. */
export class Playhead extends EventTarget {
  #wish = null;
  #going = null;

  constructor(frames) {
    super();
    this.frames = frames;
    this.frame = null;
  }

  /** The frame nearest to a time in seconds. */
  toTime(time) {
    return this.#go(() => this.frames.nearest(time));
  }

  /** The frame with a number, or the one behind it. */
  toFrame(number) {
    return this.#go(() => this.frames.numbered(number));
  }

  /** The next frame, or with -1 the one before. */
  step(by) {
    if (!this.frame) return this.toTime(0);
    return this.#go(() => (by > 0 ? this.frames.after(this.frame) : this.frames.before(this.frame)));
  }

  /** Show a frame that is known. */
  show(frame) {
    this.frame = frame;
    this.dispatchEvent(new Event("moved"));
  }

  /** Resolves when no wish is left; throws the Problem of the last one. */
  #go(find) {
    this.#wish = find;
    this.#going ??= this.#fulfil().finally(() => (this.#going = null));
    return this.#going;
  }

  async #fulfil() {
    while (this.#wish) {
      const find = this.#wish;
      this.#wish = null;
      const frame = await find();
      if (frame && !this.#wish) this.show(frame);
    }
  }
}
