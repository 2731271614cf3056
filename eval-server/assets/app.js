// All pages work without this script: what is here only makes them quicker to use. No library, nothing from outside.
"use strict";
(() => {
  const root = document.documentElement;
  const all = (selector, from = document) => [...from.querySelectorAll(selector)];
  const one = (selector, from = document) => from.querySelector(selector);
  const later = (wait, act) => { let timer; return (...given) => { clearTimeout(timer); timer = setTimeout(act, wait, ...given); }; };
  const say = (text) => { const said = one("#said"); if (said) { said.textContent = ""; setTimeout(() => { said.textContent = text; }, 50); } };

  // Theme: before the first paint, so that nothing flashes. Storage may be forbidden.
  const kept = { get theme() { try { return localStorage.getItem("theme"); } catch { return null; } },
    set theme(name) { try { localStorage.setItem("theme", name); } catch { /* for this page only */ } } };
  if (kept.theme === "light" || kept.theme === "dark") root.dataset.theme = kept.theme;
  root.classList.add("js");
  const otherTheme = () => {
    const dark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
    kept.theme = root.dataset.theme = dark ? "light" : "dark";
    say(`${root.dataset.theme} theme`);
  };

  // Swap: fetches a page and puts its <main> in place of this one. The URL stays the state; whatever goes wrong becomes an
  // ordinary navigation.
  let flight;
  const place = (element) => element && element !== document.body && (element.id ? `#${CSS.escape(element.id)}`
    : element.name ? `[name="${CSS.escape(element.name)}"]` : element.getAttribute("href") ? `a[href="${CSS.escape(element.getAttribute("href"))}"]` : null);
  async function swap(url, push) {
    flight?.abort();
    flight = new AbortController();
    const focused = document.activeElement, where = place(focused), at = focused?.type === "search" ? focused.selectionStart : null;
    one("main")?.setAttribute("aria-busy", "true");
    try {
      const answer = await fetch(url, { signal: flight.signal, headers: { accept: "text/html" }, credentials: "same-origin" });
      if (!answer.ok || !(answer.headers.get("content-type") || "").startsWith("text/html")) throw new Error(answer.status);
      const page = new DOMParser().parseFromString(await answer.text(), "text/html"), main = one("main", page);
      if (!main) throw new Error("no main");
      if (push) history.pushState({}, "", answer.redirected ? answer.url : url);
      document.title = page.title;
      for (const part of ["main", "header nav", "footer"]) { const fresh = one(part, page); if (fresh) one(part)?.replaceWith(fresh); }
      ready(one("main"));
      const again = where && one(where);
      if (again) { again.focus({ preventScroll: true }); if (at !== null && again.setSelectionRange) again.setSelectionRange(at, at); }
      const count = one("[data-count]");
      say(count ? count.textContent : document.title);
    } catch (error) {
      if (error.name !== "AbortError") location.assign(url);
    }
  }
  const query = (form) => {
    const fields = [...new FormData(form)].filter(([, value]) => typeof value === "string" && value !== "");
    const url = new URL(form.getAttribute("action") || location.pathname, location.href);
    url.search = new URLSearchParams(fields);
    return url.href;
  };
  addEventListener("click", (event) => {
    const link = event.target.closest("a[data-swap]"), plain = event.button === 0 && !(event.ctrlKey || event.metaKey || event.shiftKey || event.altKey);
    if (link && plain && !event.defaultPrevented) { event.preventDefault(); swap(link.href, true); }
    const copy = event.target.closest("[data-copy]");
    if (copy) navigator.clipboard?.writeText(copy.dataset.copy || location.href).then(() => say("Link copied"), () => say("The link could not be copied"));
    if (event.target.closest("#theme")) otherTheme();
  });
  addEventListener("submit", (event) => {
    const form = event.target;
    if (form.matches("form[data-swap]") && form.method === "get") { event.preventDefault(); swap(query(form), true); }
  });
  addEventListener("popstate", () => swap(location.href, false));

  // Forms send themselves: a choice at once, a slider or a text when it has come to rest.
  const send = (form) => form?.isConnected && form.requestSubmit();
  const rest = later(150, send);
  const echo = (slider) => {
    const shown = slider.parentElement.querySelector("output"), decimals = Number(slider.dataset.decimals || 0);
    if (shown) shown.textContent = Number(slider.value).toFixed(decimals) + (slider.dataset.unit || "");
  };
  addEventListener("input", (event) => {
    const field = event.target, form = field.closest("form[data-swap]");
    if (field.type === "range") echo(field);
    if (form && ["range", "search", "number"].includes(field.type)) rest(form);
  });
  addEventListener("change", (event) => { if (event.target.matches("select")) send(event.target.closest("form[data-swap],form[data-auto]")); });

  // Keys: j k through rows, / to search, g and a letter to go, ? for help. Enter follows the link that has the focus.
  const GO = { o: "/", r: "/runs", c: "/compare", j: "/judge", l: "/live", a: "/alerts", h: "/health" };
  const HELP = [["j k", "next and previous row"], ["Enter", "open the row"], ["/", "search"], ["g o", "overview; g r runs, g c compare, g j judge, g l live, g a alerts, g h health"], ["← →", "read a chart that has the focus"], ["Esc", "close"]];
  let going = 0;
  const row = (step) => {
    const links = all("[data-rows] tbody tr").map((line) => one("a", line)).filter(Boolean);
    const at = links.findIndex((link) => link.closest("tr").contains(document.activeElement));
    links[Math.max(0, Math.min(links.length - 1, at < 0 ? 0 : at + step))]?.focus();
  };
  const help = () => {
    let box = one("#keys");
    if (!box) {
      box = document.body.appendChild(document.createElement("dialog"));
      box.id = "keys";
      box.setAttribute("aria-label", "Keys");
      const list = box.appendChild(document.createElement("dl"));
      for (const [key, what] of HELP) {
        list.appendChild(document.createElement("dt")).appendChild(document.createElement("kbd")).textContent = key;
        list.appendChild(document.createElement("dd")).textContent = what;
      }
    }
    box.open ? box.close() : box.showModal();
  };
  addEventListener("keydown", (event) => {
    if (event.key === "Escape") hide();
    if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest?.("input,select,textarea")) return;
    if (going > Date.now() && GO[event.key]) {
      const link = one(`header nav a[href="${GO[event.key]}"],header nav a[href^="${GO[event.key]}?"]`);
      going = 0;
      event.preventDefault();
      return link ? link.click() : location.assign(GO[event.key]);
    }
    const acts = { j: () => row(1), k: () => row(-1), "?": help, g: () => { going = Date.now() + 1000; }, "/": () => (one("main input[type=search]") || one("#find"))?.focus() };
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key], chart = step && event.target.querySelector?.("svg[data-points]");
    if (chart) { event.preventDefault(); read(chart, step); } else if (acts[event.key]) { event.preventDefault(); acts[event.key](); }
  });

  // What a chart says where the pointer is: marks have a <title>, histories have data-points, "x|text" a line.
  const tip = document.createElement("div");
  tip.className = "tip";
  tip.hidden = true;
  const show = (text, x, y) => {
    tip.textContent = text;
    tip.hidden = false;
    const box = tip.getBoundingClientRect();
    tip.style.left = `${Math.max(4, Math.min(innerWidth - box.width - 4, x + 12))}px`;
    tip.style.top = `${y - box.height - 10 < 4 ? y + 16 : y - box.height - 10}px`;
  };
  const cross = document.createElementNS("http://www.w3.org/2000/svg", "line");
  cross.setAttribute("class", "cross");
  const hide = () => { tip.hidden = true; cross.remove(); };
  const points = (chart) => chart.parsed ??= chart.dataset.points.split("\n").map((line) => { const bar = line.indexOf("|"); return [Number(line.slice(0, bar)), line.slice(bar + 1)]; });
  const mark = (chart, [x, text], y) => {
    const box = chart.getBoundingClientRect(), view = chart.viewBox.baseVal, px = box.left + x * box.width / view.width;
    for (const [name, value] of [["x1", x], ["x2", x], ["y1", 0], ["y2", view.height]]) cross.setAttribute(name, value);
    chart.appendChild(cross);
    show(text, px, y ?? box.top + 24);
  };
  const read = (chart, step) => {
    const told = points(chart);
    chart.at = Math.max(0, Math.min(told.length - 1, (chart.at ?? (step < 0 ? told.length : -1)) + step));
    mark(chart, told[chart.at]);
    say(told[chart.at][1]);
  };
  addEventListener("pointermove", (event) => {
    const chart = event.target.closest?.("svg[role=img]");
    if (!chart) return hide();
    // A title would show a second tip of the browser's own.
    const title = one(":scope > title", event.target);
    if (title) { event.target.dataset.tip = title.textContent; title.remove(); }
    if (event.target.dataset.tip) { cross.remove(); return show(event.target.dataset.tip, event.clientX, event.clientY); }
    if (!chart.dataset.points) return hide();
    const box = chart.getBoundingClientRect(), x = (event.clientX - box.left) * chart.viewBox.baseVal.width / box.width;
    mark(chart, points(chart).reduce((best, point) => Math.abs(point[0] - x) < Math.abs(best[0] - x) ? point : best), event.clientY);
  });
  addEventListener("pointerleave", hide);
  addEventListener("scroll", hide, { passive: true });

  // Live: one stream a tab, closed while the tab is hidden. Figures that are no longer fresh say so.
  let stream, retry, wait = 1000, heard = 0, beats = false;
  const fresh = (is) => {
    const live = one("[data-live]"), note = one("[data-stale]");
    live?.classList.toggle("stale", !is);
    if (note) {
      const text = is ? "" : `Connection lost. These figures are of ${heard ? new Date(heard).toLocaleTimeString() : "when the page was made"}; trying again.`;
      if (note.textContent !== text) { note.textContent = text; say(text); }
      note.hidden = is;
    }
  };
  const fill = (told) => {
    for (const field of all("[data-live] [data-field]")) {
      const value = field.dataset.field.split(".").reduce((from, name) => from?.[name], told);
      if (value === undefined || value === null) continue;
      if (field.localName === "progress") field.value = Number(value); else field.textContent = String(value);
    }
  };
  const stop = () => { clearTimeout(retry); stream?.close(); stream = undefined; };
  function listen() {
    const live = one("[data-live]");
    stop();
    if (!live || document.hidden) return;
    stream = new EventSource(live.dataset.live);
    const hear = (event) => {
      heard = Date.now();
      wait = 1000;
      fresh(true);
      try { fill(JSON.parse(event.data)); } catch { /* a beat without figures */ }
    };
    stream.onmessage = hear;
    for (const name of ["snapshot", "progress"]) stream.addEventListener(name, hear);
    stream.addEventListener("beat", (event) => { beats = true; hear(event); });
    stream.addEventListener("end", () => { stop(); swap(location.href, false); });
    // The browser tries again by itself unless the server refused; then we do, less and less often.
    stream.onerror = () => {
      fresh(false);
      if (stream?.readyState === EventSource.CLOSED) { retry = setTimeout(listen, wait); wait = Math.min(30000, wait * 2); }
    };
  }
  setInterval(() => { if (stream && beats && Date.now() - heard > 45000) { fresh(false); listen(); } }, 15000);
  addEventListener("visibilitychange", listen);
  addEventListener("offline", () => { if (one("[data-live]")) fresh(false); });
  addEventListener("online", listen);
  addEventListener("pagehide", stop);

  const ready = (within) => { all("input[type=range]", within).forEach(echo); listen(); };
  addEventListener("DOMContentLoaded", () => {
    document.body.appendChild(tip);
    one("#theme")?.removeAttribute("hidden");
    ready(document);
  });
})();
