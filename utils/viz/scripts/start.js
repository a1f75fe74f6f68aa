// One output is one figure: find those not drawn yet, so that two of a kind on a page
// and a cell run twice both work.
const figure = document.currentScript
  ? document.currentScript.closest("figure.interactive")
  : null;
const open = figure
  ? [figure]
  : document.querySelectorAll("figure.interactive:not([data-on])");
for (const one of open) {
  if (one.dataset.on) continue;
  one.dataset.on = "yes";
  const data = one.querySelector('script[type="application/json"]').textContent;
  draw(one.querySelector(".stage"), JSON.parse(data));
  one.querySelector(".fallback").hidden = true;
}
