/* The icons that the theme asks for, drawn here. This file stands in for the theme's own
   of the same name, which carries every icon there is (1.5 MB a page). */
"use strict";

const ICONS = {
  "angle-left": "M15 5l-7 7 7 7",
  "angle-right": "M9 5l7 7-7 7",
  "arrow-up": "M12 20V5M6 11l6-6 6 6",
  bars: "M3 6h18M3 12h18M3 18h18",
  "chevron-down": "M5 9l7 7 7-7",
  "circle-half-stroke": "M12 3a9 9 0 100 18 9 9 0 000-18zM12 3v18M15 5v14M18 7v10",
  download: "M12 3v12M6 10l6 6 6-6M4 20h16",
  file: "M6 3h8l5 5v13H6zM14 3v5h5",
  "file-pdf": "M6 3h8l5 5v13H6zM14 3v5h5M9 13h6M9 17h6",
  github:
    "M7 8a2 2 0 100-4 2 2 0 000 4zM7 20a2 2 0 100-4 2 2 0 000 4zM17 8a2 2 0 100-4 2 2 0 000 4zM7 8v8c0-5 10-2 10-8",
  lightbulb: "M12 3a9 9 0 100 18 9 9 0 000-18zM12 8v5M12 16v0",
  list: "M9 6h12M9 12h12M9 18h12M4 6v0M4 12v0M4 18v0",
  "magnifying-glass": "M10 4a6 6 0 100 12 6 6 0 000-12zM15 15l6 6",
  moon: "M20 14A8 8 0 1110 4a7 7 0 0010 10z",
  rocket: "M5 4l15 8-15 8z",
  sun: "M12 8a4 4 0 100 8 4 4 0 000-8zM12 2v2M12 20v2M2 12h2M20 12h2M5 5l1 1M18 18l1 1M19 5l-1 1M6 18l-1 1",
};

for (const place of document.querySelectorAll("i[class*=fa-], span[class*=fa-]")) {
  const name = [...place.classList].find((one) => ICONS[one.replace("fa-", "")]);
  if (!name) continue;
  const icon = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  for (const { name, value } of place.attributes)
    if (name !== "title") icon.setAttribute(name, value);
  icon.classList.add("icon");
  icon.setAttribute("viewBox", "0 0 24 24");
  icon.setAttribute("aria-hidden", "true");
  icon.innerHTML = `<path d="${ICONS[name.replace("fa-", "")]}"/>`;
  place.replaceWith(icon);
}
