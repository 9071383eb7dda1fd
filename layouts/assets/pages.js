/* Three small habits that components do not have: a chosen field asks at once, a metric card is a popover, a link
   is copied. No state is kept here; nav.js makes addresses of forms and links. */
(function () {
  "use strict";

  document.addEventListener("change", function (event) {
    const form = event.target.form;
    if (!form || !form.matches("form[data-ask]") || !event.target.matches("select, input[type=date]")) return;
    // Another subject has other words: of the question only place and time go with it.
    const kept = ["subject", "unit", "from", "last"];
    if (event.target.name === "subject") for (const field of form.elements) field.disabled = Boolean(field.name) && !kept.includes(field.name);
    form.requestSubmit();
  });

  /* A metric card opens beside the card it explains; the browser closes it on Esc or a click elsewhere and gives
     the focus back. */
  function place(card, button) {
    const box = (button.closest("article") || button).getBoundingClientRect();
    const left = Math.max(12, Math.min(box.left, window.innerWidth - card.offsetWidth - 12));
    const below = box.bottom + 8 + card.offsetHeight <= window.innerHeight;
    card.style.left = left + "px";
    card.style.top = Math.max(12, below ? box.bottom + 8 : box.top - card.offsetHeight - 8) + "px";
  }

  document.addEventListener("click", function (event) {
    const button = event.target.closest("[data-opens]");
    const card = button && document.getElementById(button.dataset.opens);
    if (card) {
      card.popover = "auto";
      card.showPopover({ source: button });
      place(card, button);
      const first = card.querySelector("a");
      if (first) first.focus({ preventScroll: true });
      return;
    }
    const copy = event.target.closest("[data-copy]");
    if (copy && navigator.clipboard) {
      navigator.clipboard.writeText(window.location.href).then(function () {
        const text = copy.textContent;
        copy.textContent = copy.dataset.copy;
        window.setTimeout(function () { copy.textContent = text; }, 2000);
      });
    }
    for (const open of document.querySelectorAll("details.twin[open]")) {
      if (!open.contains(event.target) || event.target.closest("a")) open.open = false;
    }
  });

  document.addEventListener("keydown", function (event) {
    if (event.key !== "Escape") return;
    for (const open of document.querySelectorAll("details.twin[open]")) {
      open.open = false;
      open.querySelector("summary").focus();
    }
  });
})();
