// Owns the strip of faces: the best picture of each, who it is, and the way to where it was seen.

import { element, maySubmit, setText } from "../elements/element.mjs";
import { clock, count } from "../format.mjs";
import { faceLink } from "../people/place.mjs";
import { isFace } from "./tracks.mjs";

const AT_FIRST = 30;
const REACHED = "button, a";

/** A picture a face that was followed. `told` hears `jump(track)`, `enrol(track)`. */
export class Strip {
  #all = false;
  #shown = new Map();

  constructor(place, tracks, video, told) {
    this.place = place;
    this.videoId = video.video_id;
    this.list = place.querySelector("ul");
    this.more = place.querySelector("#all-faces");
    this.tracks = tracks;
    this.kept = video.store_frames;
    this.told = told;
    this.more.addEventListener("click", () => this.#showAll());
    tracks.addEventListener("changed", () => this.#update());
    tracks.addEventListener("marked", () => this.#mark());
  }

  /** Bring a face into sight, and the focus to what can be done with it. */
  show(trackId) {
    const item = this.#shown.get(trackId)?.item;
    item?.scrollIntoView({ block: "nearest", inline: "nearest" });
    [...(item?.querySelectorAll("button") ?? [])].at(-1)?.focus();
  }

  #update() {
    const faces = this.tracks.items.filter(isFace);
    const wanted = this.#all ? faces : faces.slice(0, AT_FIRST);
    this.place.hidden = faces.length === 0;
    setText(this.place.querySelector("#faces-told"), told(faces));
    this.more.hidden = wanted.length === faces.length;
    setText(this.more, `Show all ${count(faces.length)}`);
    const ids = new Set(wanted.map((track) => track.track_id));
    for (const id of [...this.#shown.keys()].filter((known) => !ids.has(known))) this.#drop(id);
    wanted.forEach((track, place) => this.#put(track, place));
    this.#mark();
  }

  /** Only what has changed is made anew, so that pictures stay and the focus does. */
  #put(track, place) {
    const said = JSON.stringify([track.first_time, track.last_time, track.person, track.best?.frame_number]);
    const known = this.#shown.get(track.track_id);
    if (known?.said === said) return;
    const made = this.#face(track);
    if (known) replaced(known.item, made);
    else this.list.insertBefore(made, this.list.children[place] ?? null);
    this.#shown.set(track.track_id, { said, item: made });
  }

  #drop(id) {
    this.#shown.get(id).item.remove();
    this.#shown.delete(id);
  }

  #face(track) {
    const name = track.person?.name ?? "unknown";
    const when = `${clock(track.first_time)} – ${clock(track.last_time)}`;
    const crop = element("button", { type: "button", class: "crop", "aria-label": `${name}, ${when}: go there`, onclick: () => this.told.jump(track) }, this.#picture(track));
    const ask = track.best && this.kept === "full" && maySubmit() ? this.#ways(track, `${name}, ${when}`) : [];
    const also = track.emotion ? element("span", { class: "quiet small" }, track.emotion) : null;
    return element("li", { "data-track": track.track_id }, crop, element("span", { class: track.person ? "who" : "who quiet" }, name), element("span", { class: "quiet small" }, when), also, ask);
  }

  #ways(track, told) {
    const enrol = element("button", { type: "button", class: "link small", "aria-label": `Who is it? ${told}`, onclick: () => this.told.enrol(track) }, "Who is it?");
    return [enrol, element("a", { class: "small", href: faceLink(this.videoId, track.best), "aria-label": `Where else? ${told}` }, "Where else?")];
  }

  #picture(track) {
    const missing = this.kept === "none" ? "no picture kept" : track.best ? null : "no picture yet";
    if (missing) return element("span", { class: "quiet small" }, missing);
    return element("img", { src: track.picture_url, alt: "", loading: "lazy", decoding: "async" });
  }

  #mark() {
    for (const [id, { item }] of this.#shown) {
      const crop = item.querySelector(".crop");
      if (id === this.tracks.marked) crop.setAttribute("aria-current", "true");
      else crop.removeAttribute("aria-current");
    }
  }

  #showAll() {
    this.#all = true;
    this.#update();
    this.list.children[AT_FIRST]?.querySelector("button").focus();
  }
}

/** Put an item in the place of one that has changed; what had the focus in it has it still. */
function replaced(before, made) {
  const focused = [...before.querySelectorAll(REACHED)].indexOf(document.activeElement);
  before.replaceWith(made);
  made.querySelectorAll(REACHED)[focused]?.focus({ preventScroll: true });
}

/** How many there are, and who: "3 faces: Anna, 2 unknown". */
function told(faces) {
  const names = new Set(faces.filter(({ person }) => person).map(({ person }) => person.name));
  const unknown = faces.filter(({ person }) => !person).length;
  const who = [...names, ...(unknown ? [`${count(unknown)} unknown`] : [])].join(", ");
  return `${faces.length === 1 ? "1 face" : `${count(faces.length)} faces`}: ${who}`;
}
