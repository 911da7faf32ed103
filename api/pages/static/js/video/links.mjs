// Owns the link of each moment: `#t=12.3` or `#frame=51` in the address, and how pages and people follow it.

import { toast } from "../elements/messages.mjs";

/** The address's part for a moment. */
export const toFrame = (number) => `#frame=${number}`;
export const toTime = (time) => `#t=${Number(time.toFixed(3))}`;

/** What an address asks for: `{frame}`, `{time}` or null; after `#`, or after `?`. */
export function asked({ hash, search }) {
  for (const text of [hash.slice(1), search.slice(1)]) {
    const values = new URLSearchParams(text);
    const frame = Number(values.get("frame"));
    const time = Number.parseFloat(values.get("t"));
    if (Number.isInteger(frame) && frame > 0) return { frame };
    if (Number.isFinite(time)) return { time: Math.max(0, time) };
  }
  return null;
}

/** Follows links to moments, and keeps the address at the moment that is shown. */
export class Moments {
  #timer = null;

  constructor(playhead, onProblem) {
    this.playhead = playhead;
    this.onProblem = onProblem;
    document.addEventListener("click", (event) => this.#clicked(event));
    window.addEventListener("hashchange", () => this.go(asked(location)));
    playhead.addEventListener("moved", () => this.#remember());
  }

  /** Go to a moment; resolves when its frame is known. */
  async go(moment) {
    if (!moment) return;
    try {
      await (moment.frame ? this.playhead.toFrame(moment.frame) : this.playhead.toTime(moment.time));
    } catch (problem) {
      this.onProblem(problem);
    }
  }

  /** Copy the link of the moment that is shown. */
  async copy() {
    const link = `${location.origin}${location.pathname}${toTime(this.playhead.frame.time)}`;
    try {
      await navigator.clipboard.writeText(link);
      toast("The link to this moment is copied");
    } catch {
      window.prompt("The link to this moment", link);
    }
  }

  async #clicked(event) {
    const link = event.target.closest?.('a[href^="#t="], a[href^="#frame="]');
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    await this.go(asked(new URL(link.href)));
    document.getElementById("stage").scrollIntoView({ block: "nearest" });
  }

  /** At most twice a second: browsers refuse more. */
  #remember() {
    this.#timer ??= setTimeout(() => {
      this.#timer = null;
      history.replaceState(null, "", toTime(this.playhead.frame.time));
    }, 500);
  }
}
