/* The keyboard: rows of a ranking, pages, periods. Single letters go by the place of the key, are left alone in
   fields and while an input method composes, and can be switched off. */
(function () {
  "use strict";
  const PAGES = { KeyM: "map", KeyK: "kpi", KeyE: "assessment", KeyA: "analyst", KeyS: "sources", KeyD: "duty" };
  let leading = 0;

  const all = (selector) => Array.from(document.querySelectorAll(selector));
  const one = (selector) => document.querySelector(selector);
  const off = () => localStorage.getItem("linli-keys") === "off";

  function rows() {
    return all("table.walk tbody tr[data-code], table.walk tfoot tr[data-code]");
  }

  function select(code, options) {
    rows().forEach((row) => {
      const here = row.dataset.code === code;
      row.classList.toggle("sel", here);
      if (here) row.setAttribute("aria-selected", "true");
      else row.removeAttribute("aria-selected");
      if (here && !(options && options.still)) row.scrollIntoView({ block: "nearest" });
    });
    if (window.linli.outline) window.linli.outline(code);
    window.linli.chosen = code;
  }

  function move(step) {
    const found = rows();
    if (!found.length) return;
    const at = found.findIndex((row) => row.classList.contains("sel"));
    const to = found[Math.min(Math.max(at + step, 0), found.length - 1)];
    select(to.dataset.code);
    // The focus goes along, so that Enter opens the row and not what was pressed before.
    const name = to.querySelector("a[href], [tabindex]");
    if (name) name.focus({ preventScroll: true });
  }

  function open() {
    const link = one("table.walk tr.sel a[href]");
    if (link) window.linli.go(link.href);
  }

  function up() {
    const links = all(".crumb a[href]");
    // On the KPI page the last link lies above; elsewhere it is the unit one looks inside, the one before lies above.
    const link = one(".page.kpi") ? links[links.length - 1] : links[links.length - 2] || links[0];
    if (link && link.href !== location.href) window.linli.go(link.href);
  }

  function help(open) {
    const box = document.getElementById("shell-help");
    if (!box) return;
    if (open && !box.open) box.showModal();
    else if (box.open) box.close();
  }

  function step(name) {
    const link = one(`[data-step="${name}"]`);
    if (link) window.linli.go(link.href);
  }

  function menu(selector) {
    const found = one(selector);
    if (!found) return;
    found.open = true;
    (found.querySelector("a.on") || found.querySelector("a") || found).focus();
  }

  const DO = {
    KeyJ: () => move(1), KeyK: () => move(-1), ArrowDown: () => move(1), ArrowUp: () => move(-1),
    Enter: open, Backspace: up, BracketLeft: () => step("earlier"), BracketRight: () => step("later"),
    KeyI: () => menu(".controls details.indicator"),
    KeyC: () => { const button = one("[data-opens]:focus") || one("[data-main]"); if (button) button.click(); },
    KeyT: () => { const page = one(".page.map"); if (page) page.classList.toggle("tableonly"); window.dispatchEvent(new Event("resize")); },
    Slash: () => { const box = document.getElementById("shell-search"); if (box) { box.focus(); box.select(); } },
  };

  function typing(target) {
    return target.isContentEditable || /^(INPUT|SELECT|TEXTAREA)$/.test(target.tagName || "");
  }

  document.addEventListener("keydown", (event) => {
    if (event.isComposing || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.code === "Escape") {
      const hits = document.getElementById("shell-search-hits");
      if (hits && hits.contains(event.target)) document.getElementById("shell-search").focus();
      return;
    }
    if (typing(event.target)) {
      const first = event.target.id === "shell-search" && event.code === "ArrowDown" && one("#shell-search-hits a");
      if (first) { event.preventDefault(); first.focus(); }
      return;
    }
    if (off() || one("dialog[open]")) return;
    if (event.key === "?") { event.preventDefault(); help(true); return; }
    if (event.shiftKey) return;
    const inside = event.target.closest && event.target.closest("a, button, summary, [role=region]");
    if (/^(Enter|Arrow)/.test(event.code) && inside && !event.target.closest(".rank, .lea")) return;
    if (event.code === "Enter" && event.target.closest("a, button, summary")) return;
    if (event.code === "KeyG") { leading = Date.now(); return; }
    if (Date.now() - leading < 1200 && PAGES[event.code]) {
      leading = 0;
      const link = one(`.nav a[data-page="${PAGES[event.code]}"]`);
      window.linli.carry(link);
      if (link) window.linli.go(link.href);
      return;
    }
    if (DO[event.code]) { event.preventDefault(); DO[event.code](); }
  });

  document.addEventListener("click", (event) => {
    const button = event.target.closest && event.target.closest("[data-key]");
    if (button) {
      const name = button.dataset.key;
      if (name === "help") help(true);
      if (name === "close") help(false);
      if (name === "up") up();
      if (name === "off") { localStorage.setItem("linli-keys", off() ? "on" : "off"); button.classList.toggle("p", off()); }
      return;
    }
    const row = event.target.closest && event.target.closest("table.walk tr[data-code]");
    if (row) select(row.dataset.code, { still: true });
  });

  window.linli = Object.assign(window.linli || {}, { select });
})();
