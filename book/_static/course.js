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


  // The arrows in the side bar have no name, and the logo stands outside every landmark.
  for (const arrow of all(".bd-sidebar-primary summary")) {
    const page = arrow.closest("li").querySelector("a").textContent.trim();
    arrow.setAttribute("aria-label", `Pages below ${page}`);
  }
  for (const block of all(".bd-sidebar-primary .sidebar-primary-items__start")) {
    block.setAttribute("role", "navigation");
    block.setAttribute("aria-label", "Course");
  }

  // Sphinx gives the bibliography's entries a role that no longer exists.
  for (const entry of all(".citation")) entry.setAttribute("role", "listitem");

  // The corner of a table is no header.
  for (const cell of all(".bd-article th"))
    if (!cell.textContent.trim()) cell.outerHTML = "<td></td>";

  // A paragraph that is emphasised whole is the caption of the figure above it.
  for (const emphasis of all(".bd-article p > em:only-child"))
    if (emphasis.parentNode.childNodes.length === 1)
      emphasis.parentNode.classList.add("figure-caption");

  // What scrolls must be reachable by keyboard, and only what scrolls.
  const SCROLLS =
    ".pst-scrollable-table-container, .text_html, .bd-article pre, .bd-article .math";
  const reachable = () => {
    for (const box of all(SCROLLS))
      if (box.scrollWidth > box.clientWidth) box.tabIndex = 0;
  };
  reachable();
  addEventListener("resize", reachable);
  window.MathJax?.startup?.promise?.then(reachable);

  // First page: a tick for each lesson read, kept in this browser only.
  const KEY = "inside-transformers-read";
  const map = document.querySelector(".course-map");
  if (map) {
    const load = () => new Set(JSON.parse(localStorage.getItem(KEY) || "[]"));
    const save = (read) => localStorage.setItem(KEY, JSON.stringify([...read].sort()));
    const boxes = [...map.querySelectorAll("li a")].map((link) => {
      const box = document.createElement("input");
      box.type = "checkbox";
      box.title = "I have read this";
      box.setAttribute("aria-label", `${link.textContent.trim()}: I have read this`);
      box.value = link.pathname.split("/").pop().replace(".html", "");
      link.after(box);
      return box;
    });
    const bar = document.createElement("div");
    bar.className = "course-progress";
    bar.innerHTML =
      '<span role="status"></span><button type="button">export</button>' +
      '<button type="button">import</button>' +
      '<input type="file" accept=".json" hidden aria-label="progress file">';
    map.after(bar);
    const [status, exporter, importer, file] = bar.children;
    const show = (note = "") => {
      const read = load();
      for (const box of boxes) box.checked = read.has(box.value);
      const count = boxes.filter((box) => box.checked).length;
      status.textContent = note || `${count} of ${boxes.length} read`;
    };
    map.addEventListener("change", ({ target }) => {
      const read = load();
      read[target.checked ? "add" : "delete"](target.value);
      save(read);
      show();
    });
    exporter.addEventListener("click", () => {
      const link = document.createElement("a");
      link.href = URL.createObjectURL(new Blob([JSON.stringify([...load()])]));
      link.download = "inside-transformers-progress.json";
      link.click();
      URL.revokeObjectURL(link.href);
    });
    importer.addEventListener("click", () => file.click());
    file.addEventListener("change", async () => {
      try {
        const names = JSON.parse(await file.files[0].text());
        save(new Set([...load(), ...names.filter((name) => typeof name === "string")]));
        show();
      } catch {
        show("that file is not an exported progress file");
      }
      file.value = "";
    });
    show();
  }
});
