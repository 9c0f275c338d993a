// What pages do beside links and forms. Everything works without it, but for refreshing by itself.
"use strict";

// Parts that show how things stand are asked for again while somebody looks, and at once when somebody looks again.
(() => {
  const refresh = () => {
    if (document.visibilityState !== "visible") return;
    for (const part of document.querySelectorAll("[data-refresh]")) {
      if (part.contains(document.activeElement) && document.activeElement.matches("input, select, textarea")) continue;
      htmx.trigger(part, "refresh");
    }
  };
  const seconds = Number(document.querySelector("[data-refresh]")?.dataset.refresh);
  if (!seconds) return;
  setInterval(refresh, seconds * 1000);
  document.addEventListener("visibilitychange", refresh);
})();

// A button that cannot be taken back asks first; a form goes once, however often its button is pressed.
document.addEventListener("submit", (event) => {
  const button = event.submitter;
  if (button?.dataset.confirm && !window.confirm(button.dataset.confirm)) {
    event.preventDefault();
    return;
  }
  if (event.target.dataset.sent) event.preventDefault();
  else if (event.target.method === "post") event.target.dataset.sent = "yes";
});
window.addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("form[data-sent]")) delete form.dataset.sent;
});

// Enter in a field presses the button that it belongs to, not the first one of the form.
document.addEventListener("keydown", (event) => {
  const button = document.getElementById(event.target.dataset?.presses);
  if (event.key !== "Enter" || event.isComposing || !button) return;
  event.preventDefault();
  button.click();
});

// A box at the head of a list ticks all of it.
document.addEventListener("change", (event) => {
  const head = event.target;
  if (!head.matches("[data-ticks]")) return;
  for (const box of document.querySelectorAll(`input[name="${head.dataset.ticks}"]`)) box.checked = head.checked;
});

// A name that is offered goes into its list, or out of it again.
document.addEventListener("click", (event) => {
  const chip = event.target.closest("[data-adds]");
  if (!chip) return;
  const list = document.getElementById(chip.dataset.adds);
  const names = list.value.split(/[\n,]/).map((name) => name.trim()).filter(Boolean);
  const at = names.findIndex((name) => name.toLowerCase() === chip.value.toLowerCase());
  if (at < 0) names.push(chip.value);
  else names.splice(at, 1);
  list.value = names.join("\n");
});

// Where the pages' names do not fit, that of the page itself is in sight.
document.querySelector(".top [aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" });
