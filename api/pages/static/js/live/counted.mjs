// Owns what was counted at the lines and zones of a live stream, as it runs.

import { get } from "../api.mjs";
import { count, duration } from "../format.mjs";
import { repeated } from "../repeated.mjs";
import { fillFacts } from "../tables.mjs";

const AGAIN_MS = 4000;
const SHARE = 20;

/** Ask again and again until the stream has `ended`: the seldomer the longer counting takes. */
export function followCounts(place, path, ended, onProblem) {
  let pause = AGAIN_MS;
  const stop = repeated(() => pause, async () => {
    const began = performance.now();
    try {
      const found = await get(`${path}/counts`);
      show(place, found);
      if (found.complete || (ended() && found.through_time === null)) stop();
    } catch (error) {
      if (error.status === 404) stop();
      else onProblem(error);
    }
    pause = Math.max(AGAIN_MS, SHARE * (performance.now() - began));
  });
}

function show(place, { lines, zones }) {
  place.querySelector("p").hidden = lines.length + zones.length > 0;
  fillFacts(place.querySelector("dl"), [...lines.map(ofLine), ...zones.map(ofZone)]);
}

const ofLine = (line) => [line.name, `in ${count(line.in)}, out ${count(line.out)}`];
const ofZone = (zone) => [zone.name, `${count(zone.inside)} inside, at most ${count(zone.most_at_once)}; a visit ${zone.visits ? duration(zone.dwell.mean) : "–"}`];
