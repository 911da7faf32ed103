// Owns saying who a face is: a new person, or one more picture of somebody who is known.

import { post } from "../api.mjs";
import { asked, field } from "../elements/asking.mjs";
import { element, fill } from "../elements/element.mjs";
import { toast } from "../elements/messages.mjs";
import { collections, newest } from "../people/known.mjs";

/** Ask who the face of a track is, and enrol it; resolves to the person, or null when it was left. */
export async function askWhoItIs(video, track) {
  const known = await collections();
  if (!known.length) return tellHow();
  const names = element("datalist", { id: "names" });
  const name = element("input", { name: "who", required: true, maxlength: 100, autocomplete: "off", list: "names", value: track.person?.name ?? null });
  const choice = element("select", { name: "collection" }, known.map((one) => element("option", { value: one.name }, `${one.name}: ${one.purpose}`)));
  let people = null;
  const load = () => {
    const of = choice.value;
    fill(names);
    people = newest(of).catch(() => []); // names to choose from are a help, no more
    people.then((found) => choice.value === of && fill(names, [...new Set(found.map((person) => person.name))].map((value) => element("option", { value }))));
  };
  choice.addEventListener("change", load);
  load();
  const parts = [
    element("img", { src: track.picture_url, alt: "The face", class: "portrait" }),
    field("who", "Name", name, "A name that is known adds this picture to that person."),
    names,
    field("where", "Collection", choice),
  ];
  const person = await asked("Who is it?", "Remember this face", parts, async () => {
    const collection = choice.value;
    return enrol(video, track, name.value.trim(), collection, await people);
  });
  if (person) toast(`“${person.name}” is known from now on. “Analyse again” names them in this video too.`);
  return person;
}

function enrol(video, track, name, collection, people) {
  const { frame_number, box } = track.best;
  const face = { video_id: video.video_id, frame_number, box };
  const same = people.find((person) => person.name.toLowerCase() === name.toLowerCase());
  return same ? post(`/people/${same.person_id}/photos`, face) : post("/people", { name, collection, ...face });
}

async function tellHow() {
  const text = element("p", {}, "Nobody can be known yet: there is no collection of people. Make one, with its purpose, on the page People.");
  const agreed = await asked("Who is it?", "Go to People", [text], async () => true);
  if (agreed) location.assign("/identities");
  return null;
}
