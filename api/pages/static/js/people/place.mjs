// Owns the place of a face in a video as a part of an address, so that one page can ask another about it.

const SIDES = ["x", "y", "width", "height"];

/** The page that says where else a face was seen; `best` has its frame and box. */
export function faceLink(videoId, { frame_number: frame, box }) {
  const values = new URLSearchParams({ video: videoId, frame, box: SIDES.map((side) => Number(box[side].toFixed(5))).join(",") });
  return `/identities?${values}#search`;
}

/** The face that an address speaks of, as the service takes it; null where it speaks of none. */
export function faceIn(search) {
  const values = new URLSearchParams(search);
  const sides = (values.get("box") ?? "").split(",").map(Number);
  if (!values.has("video") || sides.length !== SIDES.length || sides.some(Number.isNaN)) return null;
  return { video_id: values.get("video"), frame_number: Number(values.get("frame")), box: Object.fromEntries(SIDES.map((side, place) => [side, sides[place]])) };
}
