/* One stream of events a page: a new generation of figures changes the page in place. The browser reconnects. */
(function () {
  "use strict";
  let waiting = null;

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
    stream.addEventListener("generation", (event) => {
      waiting = event.data;
      pass();
    });
    setInterval(pass, 1000);
  });
})();
