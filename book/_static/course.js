/* Repairs to what the theme and notebooks put on a page. No dependency, no request. */
"use strict";

document.addEventListener("DOMContentLoaded", () => {
  const all = (selector) => document.querySelectorAll(selector);

  // An accessible name must contain the text that is seen (WCAG 2.5.3).
  for (const element of all("button, label, a, summary")) {
    const text = element.textContent.trim().replace(/\s+/g, " ").toLowerCase();
    const label = element.getAttribute("aria-label");
    if (label && text && !label.toLowerCase().includes(text))
      element.removeAttribute("aria-label");
  }
  for (const icon of all(".theme-switch[title]")) icon.removeAttribute("title");

  // The logo's block stands outside every landmark.
  for (const block of all(".bd-sidebar-primary .sidebar-primary-items__start")) {
    block.setAttribute("role", "navigation");
    block.setAttribute("aria-label", "Course");
  }

  // pandas leaves header cells empty.
  for (const cell of all("table.dataframe th"))
    if (!cell.textContent.trim()) cell.outerHTML = "<td></td>";

  // A wide table scrolls in a box of its own.
  for (const table of all(".bd-article table")) {
    if (table.closest(".course-scroll")) continue;
    const box = document.createElement("div");
    box.className = "course-scroll";
    table.replaceWith(box);
    box.append(table);
  }

  // What scrolls must be reachable by keyboard, and only what scrolls.
  const reachable = () => {
    for (const box of all(".course-scroll, .bd-article pre, .bd-article .math"))
      if (box.scrollWidth > box.clientWidth) box.tabIndex = 0;
  };
  reachable();
  addEventListener("resize", reachable);
  window.MathJax?.startup?.promise?.then(reachable);

  // Sphinx 7 throws on a search hit at an empty index anchor.
  if (typeof Search !== "undefined") {
    const summary = Search.makeSearchSummary;
    Search.makeSearchSummary = (...hit) =>
      summary(...hit) || document.createElement("span");
  }
});
