// Owns the search by a photo, or a face in a video: in which videos somebody was seen, and when.

import { post } from "../api.mjs";
import { element, fill, setText } from "../elements/element.mjs";
import { showProblem } from "../elements/messages.mjs";
import { clock, count } from "../format.mjs";
import { toTime } from "../video/links.mjs";
import { sendPhotos } from "./photos.mjs";

const PAGE = 24;

/** A form that takes a photo, and the list of where its face was seen. */
export class Search {
  #offset = null;
  #face = null;

  /** `face` is one in a video that is looked for at once, or null. */
  constructor(form, face) {
    this.form = form;
    this.list = form.querySelector("ul");
    this.told = form.querySelector("[role=status]");
    this.problem = form.querySelector(".problem");
    this.more = form.querySelector("#more-seen");
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#face = null;
      this.#begin();
    });
    this.more.addEventListener("click", () => this.#page(this.#offset));
    if (!face) return;
    this.#face = face;
    this.#begin();
  }

  #begin() {
    fill(this.list);
    return this.#page(0);
  }

  #found(asked) {
    return this.#face ? post("/people/search", { ...this.#face, ...asked }) : sendPhotos("/people/search", this.form.elements.photo.files, asked);
  }

  async #page(offset) {
    showProblem(this.problem, null);
    setText(this.told, "It is looked for …");
    try {
      const found = await this.#found({ limit: PAGE, offset });
      this.list.append(...found.items.map(seen));
      this.#offset = found.next_offset;
      this.more.hidden = found.next_offset === null;
      const known = this.list.childElementCount;
      setText(this.told, known ? `${found.next_offset === null ? "" : "The first "}${count(known)}, most alike first.` : "Nobody like this was seen in a video that can be searched by face.");
    } catch (refused) {
      setText(this.told, "");
      showProblem(this.problem, refused);
    }
  }
}

function seen({ video_id: id, video_name: name, track_id: track, similarity, from, to, faces, picture_url: picture }) {
  const when = `${clock(from)} – ${clock(to)}`;
  const face = element("img", { src: picture, alt: "", loading: "lazy", class: "portrait", onerror: (event) => event.target.remove() });
  const link = element("a", { href: `/videos/${id}${toTime(from)}` }, `${name}, ${when}`);
  return element("li", { class: "card person", "data-track": track }, face, element("div", {}, link, element("p", { class: "quiet small" }, `similarity ${similarity.toFixed(2)}, in ${count(faces)} frames`)));
}
