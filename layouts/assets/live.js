/* One stream of events a page: a new generation of figures changes the page in place. The browser reconnects. */
(function () {
  "use strict";
  let waiting = null, known = null;

  function pass() {
    if (waiting === null) return;
    const set = window.dash_clientside && window.dash_clientside.set_props;
    // A menu somebody has open would close under their hand.
    if (!set || !document.getElementById("shell-tick") || document.querySelector("details.menu[open]")) return;
    set("shell-tick", { value: waiting });
    waiting = null;
  }

  window.addEventListener("load", () => {
    const stream = new EventSource("/live");
    stream.addEventListener("message", (event) => {
      // The first event names the generation the page was drawn from; each later one is news.
      if (known !== null && event.lastEventId !== known) waiting = event.data;
      known = event.lastEventId;
      pass();
    });
    setInterval(pass, 1000);
  });
})();
