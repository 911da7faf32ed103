// Owns tracks on the timeline: a lane for each that is there at the same time, or how many there were where they are many.

import { element, fill, setText } from "../elements/element.mjs";
import { clock, count, duration } from "../format.mjs";
import { colourOf } from "./colours.mjs";
import { Stretches } from "./stretches.mjs";

const MOST_LANES = 16;
const MOST_TRACKS = 150;
const COLUMNS = 80;

/** Rows of tracks by label. `told` hears `jump(track)`, and `moment({time})` where many are drawn as one. */
export class Lanes {
  constructor(place, tracks, span, told) {
    this.place = place;
    this.body = place.querySelector("tbody");
    this.tracks = tracks;
    this.span = span;
    this.told = told;
    this.stretches = new Stretches(this.body);
    this.body.addEventListener("click", (event) => this.#clicked(event));
    tracks.addEventListener("changed", () => this.#update());
    tracks.addEventListener("marked", () => this.#mark());
  }

  #update() {
    const { focused } = this.stretches;
    this.known = new Map(this.tracks.items.map((track) => [track.track_id, track]));
    this.place.hidden = this.known.size === 0;
    fill(this.body, [...byLabel(this.tracks.items)].map(([label, tracks]) => this.#row(label, tracks)));
    setText(this.place.querySelector("#tracks-told"), this.#said());
    this.stretches.restore(focused);
    this.#mark();
  }

  #said() {
    const cut = this.tracks.cut ? ` The first ${count(this.known.size)} are shown.` : "";
    return `Each thing and face, followed from its first frame to its last.${this.tracks.complete ? "" : " More may come."}${cut}`;
  }

  #row(label, tracks) {
    const lanes = packed(tracks);
    const many = lanes.length > MOST_LANES || tracks.length > MOST_TRACKS;
    const rows = many ? [this.#density(label, tracks)] : lanes.map((lane) => this.#lane(lane));
    const name = element("th", { scope: "row" }, label, " ", element("span", { class: "quiet small" }, count(tracks.length)));
    return element("tr", {}, name, element("td", {}, element("div", { class: "lanes" }, rows)));
  }

  #lane(tracks) {
    return element("div", { class: "track" }, tracks.map((track) => this.#segment(track)));
  }

  #segment(track) {
    const name = track.person?.name ?? track.label;
    const told = `${name}, ${clock(track.first_time)} to ${clock(track.last_time)}, there for ${duration(track.dwell_seconds)}`;
    const made = element("button", { type: "button", class: "segment", tabindex: "-1", title: told, "aria-label": told, "data-frame": track.first_frame, "data-key": track.track_id, "data-track": track.track_id });
    return this.#place(made, track.first_time, track.last_time, colourOf(name));
  }

  /** Columns that are the darker the more are there at once. */
  #density(label, tracks) {
    const wide = this.#length / COLUMNS;
    const counts = Array.from({ length: COLUMNS }, (_, place) => {
      const from = this.span.first + place * wide;
      return { from, to: from + wide, there: tracks.filter((one) => one.first_time < from + wide && one.last_time >= from) };
    });
    const most = Math.max(...counts.map(({ there }) => there.length));
    const columns = counts.filter(({ there }) => there.length).map(({ from, to, there }) => {
      const told = `${count(there.length)} × ${label}, ${clock(from)} to ${clock(to)}`;
      const made = element("button", { type: "button", class: "segment dense", tabindex: "-1", title: told, "aria-label": told, "data-frame": there[0].first_frame, "data-key": `${label}/${from}`, "data-time": Math.max(from, there[0].first_time) });
      made.style.opacity = 0.25 + (0.75 * there.length) / most;
      return this.#place(made, from, to, colourOf(label));
    });
    return element("div", { class: "track" }, columns);
  }

  get #length() {
    return Math.max(1e-3, this.span.last - this.span.first);
  }

  #place(made, from, to, colour) {
    const share = (time) => Math.min(1, Math.max(0, (time - this.span.first) / this.#length));
    made.style.left = `${100 * share(from)}%`;
    made.style.width = `${100 * (share(to) - share(from))}%`;
    made.style.background = colour;
    return made;
  }

  #clicked(event) {
    const segment = event.target.closest(".segment");
    if (!segment) return;
    this.stretches.rove(segment);
    if (segment.dataset.track) this.told.jump(this.known.get(segment.dataset.track));
    else this.told.moment({ time: Number(segment.dataset.time) });
  }

  #mark() {
    for (const segment of this.body.querySelectorAll(".segment")) {
      if (segment.dataset.track && segment.dataset.track === this.tracks.marked) segment.setAttribute("aria-current", "true");
      else segment.removeAttribute("aria-current");
    }
  }
}

/** The label with the most tracks first. */
function byLabel(tracks) {
  const found = new Map();
  for (const track of tracks) {
    if (!found.has(track.label)) found.set(track.label, []);
    found.get(track.label).push(track);
  }
  return [...found].sort(([, a], [, b]) => b.length - a.length);
}

/** Tracks in as few lanes as hold them without overlap; they come by their first frame. */
function packed(tracks) {
  const lanes = [];
  for (const track of tracks) {
    const free = lanes.find((lane) => lane.at(-1).last_time < track.first_time);
    if (free) free.push(track);
    else lanes.push([track]);
  }
  return lanes;
}
