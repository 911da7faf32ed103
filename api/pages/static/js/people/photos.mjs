// Owns sending photos of faces, and saying of each one that was refused why.

import { request } from "../api.mjs";
import { element } from "../elements/element.mjs";

/** A field for pictures; `several` lets more than one be chosen. */
export const photoField = (name, several) => element("input", { type: "file", name, accept: "image/jpeg,image/png,image/webp", required: true, multiple: several });

/** Send the pictures of a field with other fields; throws the Problem of a refusal, in which each photo has its name. */
export async function sendPhotos(path, files, fields = {}) {
  const form = new FormData();
  for (const [name, value] of Object.entries(fields)) form.append(name, value);
  for (const file of files) form.append("photos", file);
  try {
    return await request(path, { method: "POST", form });
  } catch (problem) {
    throw told(problem, [...files]);
  }
}

function told(problem, files) {
  const reasons = (problem.errors ?? []).map(({ pointer, detail }) => {
    const place = /^#\/photos\/(\d+)$/.exec(pointer);
    return place ? `${files[Number(place[1])]?.name ?? "a photo"}: ${detail}` : detail;
  });
  if (reasons.length) [problem.title, problem.message] = [files.length === 1 ? "The photo was refused" : "Photos were refused", reasons.join("; ")];
  return problem;
}
