// data: {table: {word: {next: probability}}, start, end, longest, beams}: beam search
// over a table of next words, with a width and a length penalty to choose.
const clean = (s) => s.replace(/&/g, "&amp;").replace(/</g, "&lt;");
root.innerHTML = `<div class="controls">
  <label>Kept <input class="k" type="range" min="1" max="5"> <output></output></label>
  <label>α <input class="a" type="range" min="0" max="20"> <output></output></label>
  <button type="button">back to the start</button></div>
  <div class="steps"></div><p class="say" role="status"></p>`;
const [width, reward] = ["k", "a"].map((name) => root.querySelector(`.${name}`));
const plain = "list-style:none;margin:0 0 0.5rem;padding:0;line-height:1.5";
const beside = "display:flex;flex-wrap:wrap;gap:0 1.6rem";
const chosen = "background:#ffe08a;color:#000";
const steps = root.querySelector(".steps");
const say = root.querySelector(".say");

function search(beams, penalty) {
  let running = [{ words: [data.start], score: 0 }];
  const finished = [], seen = [];
  for (let i = 0; i < data.longest && running.length; i++) {
    const grown = running.flatMap(({ words, score }) =>
      Object.entries(data.table[words[words.length - 1]]).map(([word, chance]) => ({
        words: [...words, word],
        score: score + Math.log(chance),
      })),
    );
    grown.sort((a, b) => b.score - a.score);
    const ends = (one) => one.words[one.words.length - 1] === data.end;
    const done = grown.slice(0, beams).filter(ends);
    done.forEach((one) => {
      one.value = one.score / penalty(one.words.length - 1);
    });
    running = grown.filter((one) => !ends(one)).slice(0, beams);
    finished.push(...done);
    seen.push({ grown, kept: new Set([...done, ...running]), done: new Set(done) });
  }
  finished.sort((a, b) => b.value - a.value);
  return { finished, seen };
}
function draw() {
  const beams = Number(width.value);
  const alpha = reward.value / 10;
  const { finished, seen } = search(beams, (n) => ((5 + n) / 6) ** alpha);
  [String(beams), alpha.toFixed(1)].forEach((text, i) => {
    const slider = [width, reward][i];
    slider.nextElementSibling.textContent = text;
    slider.setAttribute("aria-valuetext", text);
  });
  const text = (one) => clean(one.words.slice(1).join(" "));
  const best = finished[0];
  const rows = seen.slice(0, 4).map(({ grown, kept, done }, i) => {
    const items = grown.slice(0, 7).map((one) => {
      const line = `${text(one)} <small>${Math.exp(one.score).toFixed(3)}</small>`;
      if (one === best) return `<li><mark style="${chosen}">${line}</mark></li>`;
      if (done.has(one)) return `<li><strong>${line}</strong></li>`;
      return kept.has(one) ? `<li>${line}</li>` : `<li><s>${line}</s></li>`;
    });
    const more = grown.length > 7 ? `<li>and ${grown.length - 7} more</li>` : "";
    return `<div>step ${i + 1}<ul style="${plain}">${items.join("")}${more}</ul></div>`;
  });
  steps.innerHTML = `<div style="${beside}">${rows.join("")}</div>`;
  const places = finished
    .slice(0, 3)
    .map((one) => `“${one.words.slice(1, -1).join(" ")}” ${one.value.toFixed(3)}`);
  say.textContent = `Finished, by score: ${places.join(", ")}. Found: “${best.words
    .slice(1, -1)
    .join(" ")}”, with probability ${Math.exp(best.score).toFixed(3)}.`;
}
function reset() {
  width.value = data.beams;
  reward.value = 0;
  draw();
}
for (const input of [width, reward]) input.addEventListener("input", draw);
root.querySelector("button").addEventListener("click", reset);
reset();
