/* Moving between addresses without loading the document anew, menus, forms, and what to say when no answer comes.
   Everything a page offers is a link or a form of its own; this only makes them quick. */
(function () {
  "use strict";

  function local(link) {
    return link.origin === location.origin && !link.hasAttribute("download") && !link.target &&
      !link.classList.contains("plain") && /^\/(map|kpi|assessment|analyst|sources|glossary)?(\/|\?|#|$)/.test(link.pathname + link.search) &&
      !/\.(csv|json|xlsx)$/.test(link.pathname);
  }

  function go(address) {
    const to = new URL(address, location.href);
    if (to.href === location.href) return;
    history.pushState({}, "", to.href);
    window.dispatchEvent(new CustomEvent("_dashprivate_pushstate"));
    document.querySelectorAll("details.menu[open]").forEach((menu) => { menu.open = false; });
    if (to.hash) whenThere(to.hash.slice(1));
  }

  /* The place a link names may be drawn only after the answer. */
  function whenThere(id, tries = 40) {
    const found = document.getElementById(id);
    if (found) found.scrollIntoView();
    else if (tries) setTimeout(() => whenThere(id, tries - 1), 50);
  }

  /* A page opened from another keeps the place and the days that are shown there now. */
  function carry(link) {
    if (!link || !link.dataset.page) return;
    const here = location.pathname.split("/"), asked = new URLSearchParams(location.search), to = new URL(link.href);
    const unit = { map: here[3], kpi: here[2], analyst: encodeURIComponent(asked.get("unit") || "") }[here[1] || "map"];
    const place = { map: (code) => `/map/-/${code}`, kpi: (code) => `/kpi/${code}`, analyst: () => "/analyst" }[link.dataset.page];
    if (!place) return;
    if (unit && unit !== "-") {
      to.pathname = place(unit);
      if (link.dataset.page === "analyst") to.searchParams.set("unit", decodeURIComponent(unit));
    }
    const kept = link.dataset.page === "analyst" || !asked.has("indicator") ? ["from", "to"] : ["from", "to", "indicator"];
    for (const name of kept) if (asked.has(name)) to.searchParams.set(name, asked.get(name));
    // The map changes trees in place, below links that still lead to the tree before.
    if (asked.has("tree")) to.searchParams.set("tree", asked.get("tree"));
    else if (unit !== undefined && here[1]) to.searchParams.delete("tree");
    link.href = to.pathname + to.search;
  }

  document.addEventListener("click", (event) => {
    if (event.defaultPrevented || event.button || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    const link = event.target.closest && event.target.closest("a[href]");
    carry(link);
    if (link && link.getAttribute("href")[0] === "/" && local(link)) {
      event.preventDefault();
      go(link.href);
    }
    document.querySelectorAll("details.menu[open]").forEach((menu) => {
      if (!menu.contains(event.target)) menu.open = false;
    });
  });

  /* A form that asks with GET is an address too: its fields replace those of the present question. */
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if ((form.method || "get").toLowerCase() !== "get") return;
    const to = new URL(form.getAttribute("action") || location.pathname, location.origin);
    if (!local(Object.assign(document.createElement("a"), { href: to.href }))) return;
    event.preventDefault();
    const asked = new URLSearchParams(form.classList.contains("dates") ? location.search : "");
    for (const name of new Set(new FormData(form).keys())) asked.delete(name);
    for (const [name, value] of new FormData(form)) if (value !== "") asked.append(name, value);
    to.search = asked.toString();
    if (to.href === location.href) form.classList.remove("busy"); // nothing else is asked, so nothing comes
    else go(to.href);
  });

  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    const menu = document.querySelector("details.menu[open]");
    if (menu) {
      menu.open = false;
      menu.querySelector("summary").focus();
    }
  });

  /* Which page the address names. The map changes itself in place; every other page is drawn anew. */
  let drawn = "";
  function page(pathname, search, tick, now) {
    const name = (pathname || "/").split("/")[1] || "map";
    const busy = document.querySelector("details.menu[open], :popover-open") || /^(INPUT|SELECT|TEXTAREA)$/.test((document.activeElement || {}).tagName || "");
    // A file that is being checked, or a list that is mended, is not drawn anew below the hands of who does it.
    const still = /^\/sources\/(upload|unplaced|boundaries|gazetteer|departments)/.test(pathname || "");
    const beat = (name === "kpi" || name === "sources") && !busy && !still ? tick : "";
    // Only the map's own element wakes the map's callback: on other pages its outputs are not there.
    if (name === "map" && now === "map" && document.getElementById("map-asked")) {
      window.dash_clientside.set_props("map-asked", { value: [pathname, search, tick].join(" ") });
    }
    const next = name === "map" ? "map" : [name, pathname, search, beat].join(" ");
    if (next === now || (beat === "" && name !== "map" && now && now.startsWith([name, pathname, search, ""].join(" ")))) {
      return window.dash_clientside.no_update;
    }
    if (drawn && drawn !== name) window.scrollTo(0, 0);
    drawn = name;
    return next;
  }
  window.dash_clientside = Object.assign(window.dash_clientside || {}, { linli: { page } });
  window.linli = Object.assign(window.linli || {}, { go, carry });

  /* What the window is called: where one is, which page, the program. */
  const brand = document.title;
  function named() {
    const texts = [".crumb b", ".nav a.on", ".page.alone h1"].map((each) => document.querySelector(each)).filter(Boolean);
    const title = [...new Set(texts.map((each) => each.textContent)), brand].join(" · ");
    if (document.title !== title) document.title = title;
  }
  new MutationObserver(named).observe(document.body, { childList: true, subtree: true });

  /* The server learns before the first page whether maps can be drawn here. */
  const canvas = document.createElement("canvas");
  const able = !!canvas.getContext("webgl2");
  document.cookie = `linli-webgl=${able ? "yes" : "no"}; path=/; SameSite=Lax`;

  /* And whether there is room for what only wide windows show. */
  const room = window.matchMedia("(min-width: 1800px)");
  const told = () => { document.cookie = `linli-wide=${room.matches ? "yes" : "no"}; path=/; SameSite=Lax`; };
  room.addEventListener("change", told);
  told();

  /* An answer that does not come is said; what was on the page stays. A session that ended leads to the door. */
  const ask = window.fetch;
  window.fetch = function (resource, options) {
    const address = String((resource && resource.url) || resource);
    if (!address.includes("_dash-update-component")) return ask.call(this, resource, options);
    return ask.call(this, resource, options).then((answer) => {
      if (answer.status === 401) location.reload();
      say(answer.status >= 500);
      return answer;
    }, (error) => {
      say(true);
      throw error;
    });
  };

  function say(failed) {
    let box = document.getElementById("linli-failed");
    if (!failed) {
      if (box) box.remove();
      return;
    }
    if (box) return;
    box = document.createElement("div");
    box.id = "linli-failed";
    box.className = "pop toast";
    box.setAttribute("role", "alert");
    const text = document.createElement("span");
    text.className = "fb failed";
    const icon = document.createElement("i");
    icon.className = "ic";
    text.append(icon, document.body.dataset.failed || "");
    const again = document.createElement("a");
    again.href = location.href;
    again.className = "plain";
    again.textContent = document.body.dataset.retry || "";
    box.append(text, again);
    document.body.append(box);
  }
})();
