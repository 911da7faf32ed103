// Owns sending a file, with how far it is and a way to stop.

import { Problem, problemOf, signIn } from "../api.mjs";
import { bytes, duration, percent } from "../format.mjs";

/** Send a file with the form's options.
 *
 * `told(text, share)` hears how far it is. Returns `{video, stop}`: a promise of the video, which is null when it was
 * stopped and rejects with a Problem, and what stops it.
 */
export function upload(file, options, told) {
  const asked = new XMLHttpRequest();
  const form = new FormData();
  for (const [name, value] of Object.entries(options)) form.append(name, typeof value === "object" ? JSON.stringify(value) : value);
  form.append("file", file);
  const began = performance.now();
  asked.upload.onprogress = ({ loaded, total }) => told(progress(loaded, total, performance.now() - began), loaded / total);
  asked.upload.onload = () => told("Sent; the service is taking it in.", 1);
  const video = new Promise((resolve, reject) => {
    asked.onload = () => {
      if (asked.status === 401) signIn();
      if (asked.status < 300) resolve(JSON.parse(asked.responseText));
      else reject(problemOf(asked.status, asked.responseText, asked.getResponseHeader("retry-after")));
    };
    asked.onerror = () => reject(new Problem(0, { title: "The upload broke off", detail: "The upload broke off: the service does not answer, or refused so large a file." }));
    asked.onabort = () => resolve(null);
  });
  asked.open("POST", "/analysis/upload");
  asked.send(form);
  return { video, stop: () => asked.abort() };
}

function progress(loaded, total, milliseconds) {
  const left = loaded > 0 ? ((total - loaded) * milliseconds) / loaded / 1000 : null;
  const told = `${percent(loaded / total)}, ${bytes(loaded)} of ${bytes(total)}`;
  return left === null || milliseconds < 1000 ? told : `${told}, ${duration(left)} left`;
}
