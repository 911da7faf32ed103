// Owns showing where to publish: server and key to copy, once, and what to do with them in OBS.

import { moment } from "../format.mjs";
import { element, fill } from "../elements/element.mjs";
import { toast } from "../elements/messages.mjs";

const COPIED_MS = 2000;

/** Show an endpoint as the service made it. */
export function showEndpoint(place, made) {
  const until = made.expires_at ? ` It waits until ${moment(made.expires_at)}.` : "";
  const command = `ffmpeg -re -i street.mp4 -c:v libx264 -tune zerolatency -g 50 -f flv '${made.server}/${made.stream_key}'`;
  fill(
    place,
    element("h2", { id: "published-title" }, "Ready for your stream"),
    element("p", {}, "The key is shown this once: copy it before you leave this page.", until),
    copied("server", "Server", made.server),
    copied("stream_key", "Stream key", made.stream_key, true),
    element("p", {}, element("strong", {}, "OBS: "), "Settings → Stream → Service “Custom…”, paste server and stream key, then “Start Streaming”. For little delay: Output → Tune “zerolatency”, keyframe interval 2 s, no B-frames."),
    element("details", {}, element("summary", {}, "With ffmpeg"), element("p", { class: "scroll" }, element("code", {}, command))),
    element("p", { class: "row" }, element("a", { class: "button", href: `/live/${made.video_id}` }, "See it live"), element("a", { class: "button", href: `/videos/${made.video_id}` }, "Its page")),
  );
  place.hidden = false;
  place.focus();
}

function copied(id, label, value, secret = false) {
  const field = element("input", { id, readonly: true, value, type: secret ? "password" : "text", spellcheck: "false", autocomplete: "off" });
  const copy = element("button", { type: "button", onclick: () => copyText(field, copy) }, `Copy ${label.toLowerCase()}`);
  const show = element("button", { type: "button", "aria-pressed": "false", onclick: () => reveal(field, show) }, "Show");
  const row = element("div", { class: "copied" }, field, copy, secret ? show : null);
  return element("div", { class: "field" }, element("label", { for: id }, label), row);
}

function reveal(field, button) {
  const shown = field.type === "text";
  field.type = shown ? "password" : "text";
  button.setAttribute("aria-pressed", String(!shown));
}

async function copyText(field, button) {
  const before = button.textContent;
  try {
    await navigator.clipboard.writeText(field.value);
    button.textContent = "Copied";
    setTimeout(() => (button.textContent = before), COPIED_MS);
  } catch {
    field.type = "text";
    field.select(); // pages that came by plain HTTP from another machine may not copy
    toast("Press Ctrl+C to copy");
  }
}
