// Owns the page of all live streams: a tile each, with a picture that is changed about once a second.

import { get } from "../api.mjs";
import { element, setText } from "../elements/element.mjs";
import { showProblem } from "../elements/messages.mjs";
import { count } from "../format.mjs";
import { repeated } from "../repeated.mjs";
import { fillFacts, rate } from "../tables.mjs";
import { fillCounts, kindOf, standing } from "./counts.mjs";

const EVERY_MS = 1000;
const STREAM_MS = 250;
const list = document.getElementById("streams");
const tiles = new Map();

/** One stream's tile. */
class Tile {
  constructor({ video }) {
    this.shown = null;
    this.link = element("a", { href: `/live/${video.video_id}` });
    this.state = element("span", { class: "state" });
    this.screen = element("a", { class: "screen", href: `/live/${video.video_id}`, tabindex: "-1", "aria-hidden": "true" }, element("p", {}, "No picture yet"));
    this.counts = element("ul", { class: "plain counts", "aria-label": "In the picture" });
    this.facts = element("dl", { class: "facts small" });
    this.root = element("li", { class: "card tile", "data-video": video.video_id }, element("div", { class: "row" }, element("h2", {}, this.link), this.state), this.screen, this.counts, this.facts);
  }

  show({ video, frames_per_second: speed, newest }) {
    setText(this.link, video.video_name);
    setText(this.state, standing(video));
    this.state.dataset.state = kindOf(video);
    fillCounts(this.counts, newest?.counts || {});
    fillFacts(this.facts, [
      ["Frames a second", rate(speed)],
      ["Behind", video.lag_seconds === null ? "–" : `${video.lag_seconds.toFixed(1)} s`],
      ["Analysed", count(video.frames.done)],
      ["Dropped", count(video.frames.dropped)],
      ["Gaps", count(video.gaps.length)],
    ]);
    if (newest?.frame_url) this.picture(newest.frame_url);
  }

  /** Change the picture once the new one is there, so that nothing flickers. */
  async picture(url) {
    if (url === this.shown) return;
    this.shown = url;
    const picture = element("img", { src: url, alt: "" });
    try {
      await picture.decode();
    } catch {
      return; // it was cleared meanwhile; the next one comes
    }
    if (url === this.shown) this.screen.replaceChildren(picture);
  }
}

function show({ items, more }) {
  const present = new Set(items.map(({ video }) => video.video_id));
  for (const [id, tile] of tiles) {
    if (!present.has(id)) {
      tile.root.remove();
      tiles.delete(id);
    }
  }
  for (const item of items) {
    const id = item.video.video_id;
    if (!tiles.has(id)) {
      tiles.set(id, new Tile(item));
      list.append(tiles.get(id).root);
    }
    tiles.get(id).show(item);
  }
  document.getElementById("empty").hidden = items.length > 0;
  const streams = items.length === 1 ? "1 stream" : `${items.length} streams`;
  setText(document.getElementById("told"), items.length ? `${streams}${more ? ", and more" : ""}` : "");
}

// Many streams are asked for less often: each costs the service some reading.
repeated(() => Math.max(EVERY_MS, STREAM_MS * tiles.size), async () => {
  const problem = document.getElementById("problem");
  try {
    show(await get("/analysis/live"));
    showProblem(problem, null);
  } catch (error) {
    showProblem(problem, error);
  }
});
