// data: {digits: [{label, pixels: [16][4], shares: [step][model][10]}], orders: [step][16],
// models: [name]}. More and more patches of a digit change places; each model's shares.
const { digits, orders, models } = data;
const colors = ["#3a8fc7", "#d55e00", "#009e73"];
const side = Math.sqrt(orders[0].length);
const inner = Math.sqrt(digits[0].pixels[0].length);
const cell = 160 / (side * inner);

root.innerHTML = `<div class="controls">
  <label>Digit <select>${digits.map((d, i) => `<option value="${i}">${d.label}</option>`).join("")}</select></label>
  <label>Patches moved <input type="range" min="0" max="${orders.length - 1}" value="0"> <output></output></label></div>
  <div style="display:flex;flex-wrap:wrap;gap:0.5rem 1.5rem;align-items:center"><div class="picture"></div>
  <table><thead><tr><th scope="col">model</th><th scope="col">says</th><th scope="col">share of the true digit</th><td style="width:8rem"></td></tr></thead><tbody>${models.map((name, m) => `<tr><td style="text-align:left">${name}</td><td></td><td></td><td style="padding:0"><div style="height:0.9rem;background:${colors[m]}"></div></td></tr>`).join("")}</tbody></table></div>
  <p class="say" role="status"></p>`;
const choice = root.querySelector("select");
const slider = root.querySelector("input");
const shown = root.querySelector("output");
const picture = root.querySelector(".picture");
const rows = [...root.querySelectorAll("tbody tr")];
const say = root.querySelector(".say");

function draw() {
  const digit = digits[choice.value];
  const order = orders[slider.value];
  const moved = order.filter((from, to) => from !== to).length;
  let squares = "";
  order.forEach((from, to) => {
    const left = (to % side) * inner;
    const top = Math.floor(to / side) * inner;
    digit.pixels[from].forEach((ink, p) => {
      const x = (left + (p % inner)) * cell;
      const y = (top + Math.floor(p / inner)) * cell;
      const grey = Math.round(255 * (1 - ink));
      squares += `<rect x="${x}" y="${y}" width="${cell}" height="${cell}" fill="rgb(${grey},${grey},${grey})"/>`;
    });
  });
  const lines = Array.from({ length: side + 1 }, (_, i) => `M${i * inner * cell} 0V160M0 ${i * inner * cell}H160`).join("");
  picture.innerHTML = `<svg viewBox="-1 -1 162 162" width="162" height="162" role="img" aria-label="The digit ${digit.label} with ${moved} of ${order.length} patches moved">${squares}<path d="${lines}" stroke="#d55e00" stroke-width="1"/></svg>`;
  const said = rows.map((row, m) => {
    const shares = digit.shares[slider.value][m];
    const best = shares.indexOf(Math.max(...shares));
    const share = shares[digit.label];
    row.cells[1].textContent = best;
    row.cells[2].textContent = share.toFixed(2);
    row.cells[3].firstChild.style.width = `${(100 * share).toFixed(1)}%`;
    return `${models[m]} says ${best}`;
  });
  shown.textContent = moved;
  slider.setAttribute("aria-valuetext", `${moved} patches moved`);
  say.textContent = `${moved} of ${order.length} patches moved: ${said.join(", ")}.`;
}
choice.addEventListener("change", draw);
slider.addEventListener("input", draw);
draw();
