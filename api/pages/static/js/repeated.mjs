// Owns doing something again and again while somebody looks: never twice at once, not in a hidden tab.

/** Call `work` now and every `ms` (a number, or what gives one) after it is done; a hidden tab waits until it is seen. Returns a function that stops. */
export function repeated(ms, work) {
  let timer = null;
  let stopped = false;
  const round = async () => {
    timer = null;
    if (!document.hidden) await work();
    if (!stopped) timer = setTimeout(round, typeof ms === "function" ? ms() : ms);
  };
  const seen = () => {
    if (document.hidden || timer === null) return;
    clearTimeout(timer);
    round();
  };
  document.addEventListener("visibilitychange", seen);
  round();
  return () => {
    stopped = true;
    clearTimeout(timer);
    document.removeEventListener("visibilitychange", seen);
  };
}
