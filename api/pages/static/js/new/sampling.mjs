// Owns saying what a choice of frames comes to: frames a second, and how many of a file whose length is known.

import { count, duration } from "../format.mjs";
import { setText } from "../elements/element.mjs";

const USUAL = [25, 30];
const SHORT = new Intl.NumberFormat(undefined, { maximumSignificantDigits: 3 });

/** Keep `place` saying what the form's choice comes to. `known()` gives `{fps, seconds}`, each null if not known. */
export function tellRate(form, place, known) {
  const tell = () => {
    const bySeconds = form.sampling.value === "seconds";
    form.frameStep.disabled = bySeconds;
    form.sampleSeconds.disabled = !bySeconds;
    setText(place, bySeconds ? ofSeconds(Number(form.sampleSeconds.value), known()) : ofStep(Number(form.frameStep.value), known()));
  };
  form.addEventListener("input", tell);
  tell();
  return tell;
}

function ofStep(step, { fps, seconds }) {
  if (!(step >= 1)) return "A whole number from 1 on.";
  const rates = (fps ? [fps] : USUAL).map((rate) => `${SHORT.format(rate / step)} frames a second of a video with ${rate}`);
  return `${rates.join(", ")}.${ofLength((fps || USUAL[0]) / step, seconds)}`;
}

function ofSeconds(every, { seconds }) {
  if (!(every > 0)) return "More than 0.";
  return `${SHORT.format(1 / every)} frames a second, whatever the video's own rate.${ofLength(1 / every, seconds)}`;
}

function ofLength(rate, seconds) {
  return seconds ? ` About ${count(Math.max(1, Math.round(seconds * rate)))} frames of its ${duration(seconds)}.` : "";
}

/** How long a file plays, in seconds; null where the browser cannot play it. */
export function lengthOf(file) {
  const video = document.createElement("video");
  const address = URL.createObjectURL(file);
  return new Promise((resolve) => {
    const done = (seconds) => {
      URL.revokeObjectURL(address);
      resolve(Number.isFinite(seconds) ? seconds : null);
    };
    video.preload = "metadata";
    video.onloadedmetadata = () => done(video.duration);
    video.onerror = () => done(null);
    video.src = address;
  });
}
