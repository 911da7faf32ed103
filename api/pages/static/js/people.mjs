// Owns the page of people: collections, who is in them, searching by a photo, and forgetting.

import { get } from "./api.mjs";
import { showProblem } from "./elements/messages.mjs";
import { Collections } from "./people/collections.mjs";
import { Receipt, eraseByPhoto } from "./people/erasing.mjs";
import { Persons } from "./people/persons.mjs";
import { faceIn } from "./people/place.mjs";
import { Search } from "./people/seen.mjs";

const at = (id) => document.getElementById(id);
const problem = (error) => showProblem(at("problem"), error);
const collections = new Collections(at("collections"));
const receipt = new Receipt(at("receipt"), problem);

/** Show a receipt, and keep it in the address: it is there for ninety days. */
function show({ erasure_id: id, status_url: path }) {
  history.replaceState(null, "", `?receipt=${id}`);
  receipt.follow(path);
}

new Persons(at("persons"), collections, { changed: () => collections.load(), erased: show, refused: problem });
if (at("search")) new Search(at("search"), faceIn(location.search));
at("erase")?.addEventListener("click", async () => {
  const erased = await eraseByPhoto();
  if (!erased) return;
  show(erased);
  collections.load().catch(problem);
});
collections.load().catch(problem);

const asked = new URLSearchParams(location.search).get("receipt");
if (asked) get(`/people/erasures/${encodeURIComponent(asked)}`).then(show, problem);
