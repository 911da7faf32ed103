// Owns where one is in the video: the frame that is shown; whoever moves last wins.

/** Fires `moved` when another frame is to be shown; its `frame` is null until the first. */
export class Playhead extends EventTarget {
  #turn = 0;

  constructor(frames) {
    super();
    this.frames = frames;
    this.frame = null;
  }

  /** The frame nearest to a time in seconds. */
  toTime(time) {
    return this.#go(this.frames.nearest(time));
  }

  /** The frame with a number, or the one behind it. */
  toFrame(number) {
    return this.#go(this.frames.numbered(number));
  }

  /** The next frame, or with -1 the one before. */
  async step(by) {
    if (!this.frame) return this.toTime(0);
    return this.#go(by > 0 ? this.frames.after(this.frame) : this.frames.before(this.frame));
  }

  /** Show a frame that is known. */
  show(frame) {
    this.#turn += 1;
    this.#set(frame);
  }

  async #go(finding) {
    const turn = ++this.#turn;
    const frame = await finding;
    if (turn === this.#turn && frame) this.#set(frame);
    return frame;
  }

  #set(frame) {
    this.frame = frame;
    this.dispatchEvent(new Event("moved"));
  }
}
