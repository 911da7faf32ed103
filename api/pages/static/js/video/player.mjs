// Owns moving through the frames: play, pause, speed, the slider and the keys.

import { setText } from "../elements/element.mjs";
import { clock } from "../format.mjs";

const MOST_A_SECOND = 25;
const LONGEST_MS = 1000;
const WAIT_MS = 500;
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** Plays frame by frame; where frames are far apart, each stays for a second at most. */
export class Player {
  #playing = false;
  #stepping = false;

  constructor(place, playhead, screen, onProblem) {
    this.playhead = playhead;
    this.screen = screen;
    this.onProblem = onProblem;
    this.running = false;
    this.interval = 1;
    this.slider = place.querySelector("#slider");
    this.button = place.querySelector("#play");
    this.speed = place.querySelector("#speed");
    this.button.addEventListener("click", () => this.toggle());
    place.querySelector("#previous").addEventListener("click", () => this.step(-1));
    place.querySelector("#next").addEventListener("click", () => this.step(1));
    this.slider.addEventListener("input", () => this.seek(Number(this.slider.value)));
    place.addEventListener("keydown", (event) => this.#key(event));
    playhead.addEventListener("moved", () => this.#follow());
  }

  /** Let the slider reach from the first to the last time. */
  span(first, last, interval) {
    this.slider.min = first;
    this.slider.max = Math.max(first, last);
    this.slider.step = "any";
    this.interval = interval ?? this.interval;
    this.#follow();
  }

  toggle() {
    if (this.#playing) this.pause();
    else this.play();
  }

  pause() {
    this.#playing = false;
    this.#label();
  }

  /** Play to the end, or until paused; while the video is processed, wait for what comes. */
  async play() {
    this.#playing = true;
    this.#label();
    try {
      if (!(await this.#ahead())) await this.playhead.toTime(Number(this.slider.min));
      while (this.#playing) await this.#advance();
    } catch (problem) {
      this.onProblem(problem);
    }
    this.pause();
  }

  async seek(time) {
    await this.#guarded(() => this.playhead.toTime(time));
  }

  /** A frame on or back; a held key waits until the frame before it is shown. */
  async step(by) {
    this.pause();
    if (this.#stepping) return;
    this.#stepping = true;
    await this.#guarded(async () => {
      await this.playhead.step(by);
      await this.screen.shown;
    });
    this.#stepping = false;
  }

  #ahead() {
    const { frame, frames } = this.playhead;
    return frame ? frames.after(frame) : null;
  }

  async #advance() {
    const began = performance.now();
    const { frame, frames } = this.playhead;
    const speed = Number(this.speed.value);
    const next = await frames.after(frame, frame.time + speed / MOST_A_SECOND - 1e-3);
    if (!next && !this.running) return this.pause();
    if (!next) return sleep(WAIT_MS);
    const wait = Math.min(LONGEST_MS, (1000 * (next.time - frame.time)) / speed);
    await this.screen.shown;
    await sleep(Math.max(0, wait - (performance.now() - began)));
    if (this.#playing && this.playhead.frame === frame) this.playhead.show(next);
    return undefined;
  }

  #key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const ticks = event.target.matches('input:not(#slider), select, textarea, [contenteditable="true"]');
    const act = ticks ? null : this.#action(event);
    if (!act) return;
    event.preventDefault();
    act();
  }

  #action({ key, target }) {
    const pressed = target.matches("button, a, summary");
    const moves = {
      ArrowLeft: () => this.step(-1),
      ArrowRight: () => this.step(1),
      PageUp: () => this.seek(this.playhead.frame.time - 10 * this.interval),
      PageDown: () => this.seek(this.playhead.frame.time + 10 * this.interval),
      Home: () => this.seek(Number(this.slider.min)),
      End: () => this.seek(Number(this.slider.max)),
    };
    if (key === "k" || (key === " " && !pressed)) return () => this.toggle();
    return moves[key];
  }

  async #guarded(moving) {
    try {
      await moving();
    } catch (problem) {
      this.onProblem(problem);
    }
  }

  #follow() {
    const { frame } = this.playhead;
    if (!frame) return;
    this.slider.value = frame.time;
    this.slider.setAttribute("aria-valuetext", `${clock(frame.time)}, frame ${frame.number}`);
  }

  #label() {
    setText(this.button, this.#playing ? "Pause" : "Play");
    this.button.setAttribute("aria-pressed", this.#playing);
  }
}
