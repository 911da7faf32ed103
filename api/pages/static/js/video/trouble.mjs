// Owns what is not as it should be: why a video failed, failed frames, what is missing, gaps, warnings.

import { get, query } from "../api.mjs";
import { element, fill } from "../elements/element.mjs";
import { clock, count, duration, moment, taskName } from "../format.mjs";
import { toFrame, toTime } from "./links.mjs";

/** Shows the troubles of a video; failed frames are read page by page, when there are any. */
export class Trouble {
  #listed = -1;
  #cursor = null;

  constructor(place, path) {
    this.place = place;
    this.path = path;
    this.more = place.querySelector("#more-failures");
    this.more.addEventListener("click", () => this.#read());
  }

  /** Show what a video says of itself; `zero` is when a live one began, in milliseconds, where that is known. */
  async update(video, zero) {
    const { frames, missing, warnings } = video;
    const gaps = video.gaps ?? [];
    fill(this.place.querySelector("#warnings"), [...warnings.map((text) => element("li", {}, text)), ...missing.map(missed), ...dropped(frames), ...gaps.map((one) => gap(one, zero))]);
    this.place.querySelector("#failures").hidden = !frames.failed;
    this.place.hidden = !frames.failed && !this.place.querySelector("#warnings").childElementCount;
    if (frames.failed && frames.failed !== this.#listed) await this.#begin(frames.failed);
  }

  async #begin(failed) {
    this.#listed = failed;
    this.#cursor = null;
    fill(this.place.querySelector("tbody"));
    await this.#read();
  }

  async #read() {
    const page = await get(query(`${this.path}/failures`, { limit: 20, cursor: this.#cursor }));
    this.place.querySelector("tbody").append(...page.items.map(failure));
    this.#cursor = page.next_cursor;
    this.more.hidden = !page.next_cursor;
  }
}

function failure({ frame_number: number, media_time: time, reason, tasks }) {
  const link = element("a", { href: toFrame(number) }, clock(time));
  const of = tasks.length ? tasks.map(taskName).join(", ") : "the whole frame";
  return element("tr", {}, element("th", { scope: "row" }, link, " ", element("span", { class: "quiet" }, `frame ${number}`)), element("td", {}, of), element("td", {}, reason ?? "no reason was recorded"));
}

const missed = ({ from, to }) => element("li", {}, "Missing: ", element("a", { href: toFrame(from) }, from === to ? `frame ${from}` : `frames ${from} to ${to}`));
const dropped = ({ dropped: many }) => (many ? [element("li", {}, `${count(many)} frames were dropped to stay with the live picture`)] : []);

function gap({ from, to, reason }, zero) {
  const since = zero === null ? moment(from) : element("a", { href: toTime(Math.max(0, (Date.parse(from) - zero) / 1000)) }, moment(from));
  const length = to ? `for ${duration((new Date(to) - new Date(from)) / 1000)}` : "until now";
  return element("li", {}, "Gap: nothing came from ", since, ` on, ${length}${reason ? ` (${reason})` : ""}`);
}
