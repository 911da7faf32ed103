// Owns which colour stands for which label: the same label has the same colour everywhere and in every video.

const FIXED = { face: 330, happy: 50, surprise: 25, neutral: 210, sad: 230, fear: 280, angry: 0, disgust: 110 };

/** A hue (0–359) for a label, from its characters. */
function hue(label) {
  let sum = 0;
  for (const sign of label) sum = (sum * 31 + sign.codePointAt(0)) % 100_003;
  return Math.round((sum * 137.508) % 360);
}

/** A light colour on which black text can be read. Findings that are colours stand for themselves. */
export function colourOf(label) {
  if (/^#[0-9a-f]{6}$/.test(label)) return label;
  if (label === "neutral") return "hsl(210 12% 76%)";
  return `hsl(${FIXED[label] ?? hue(label)} 88% 72%)`;
}
