(() => {
  "use strict";
  const root = document.documentElement;
  root.classList.add("js");

  const theme = document.getElementById("theme");
  const dark = () => root.dataset.theme
    ? root.dataset.theme === "dark"
    : matchMedia("(prefers-color-scheme: dark)").matches;
  const tell = () => { theme.textContent = dark() ? "Light colours" : "Dark colours"; };
  theme.addEventListener("click", () => { root.dataset.theme = dark() ? "light" : "dark"; tell(); });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", tell);
  tell();

  // The lines of a hunk around those of a finding; the whole of it stands under "Proposed changes".
  const near = (hunk, from, to) => {
    const copy = hunk.cloneNode(false);
    copy.removeAttribute("id");
    let line = Number(hunk.dataset.start);
    for (const row of hunk.children) {
      if (row.classList.contains("head")) continue;
      if (line >= from - 2 && line <= to + 3) copy.append(row.cloneNode(true));
      if (!row.classList.contains("add")) line += 1;
    }
    return copy;
  };
  const fill = (details) => {
    details.querySelectorAll("[data-hunks]:empty").forEach((place) => {
      place.dataset.hunks.split(" ").forEach((id) => {
        const hunk = document.getElementById("hunk-" + id);
        if (hunk) place.append(near(hunk, Number(place.dataset.from), Number(place.dataset.to)));
      });
    });
  };

  // On paper everything is open, unless that would be hundreds of pages.
  const MOST = 150;
  let opened = [];
  addEventListener("beforeprint", () => {
    const few = document.querySelectorAll("#found > li:not([hidden])").length <= MOST;
    opened = Array.from(document.querySelectorAll(few ? "details" : "details.app"))
      .filter((one) => !one.open && !one.closest("[hidden]"));
    opened.forEach((one) => { one.open = true; fill(one); });
  });
  addEventListener("afterprint", () => { opened.forEach((one) => { one.open = false; }); });

  const list = document.getElementById("found");
  if (!list) return;
  const items = Array.from(list.children);
  const text = items.map((item) => item.dataset.text);
  const field = (name) => document.getElementById("filter-" + name);
  const search = field("text"), code = field("code"), file = field("file");
  const obligation = field("obligation"), fate = field("fate"), app = field("app");
  const shown = document.getElementById("shown");

  const apply = () => {
    const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    let number = 0;
    items.forEach((item, index) => {
      const data = item.dataset;
      const fits = (!code.value || data.code === code.value)
        && (!file.value || data.file === file.value)
        && (!obligation.value || data.obligation === obligation.value)
        && (!fate.value || (" " + data.fates + " ").includes(" " + fate.value + " "))
        && (!app.value || (" " + data.apps + " ").includes(" " + app.value + " "))
        && words.every((word) => text[index].includes(word));
      if (item.hidden === fits) item.hidden = !fits;
      number += fits ? 1 : 0;
    });
    shown.textContent = number === items.length
      ? "All " + items.length + " findings are shown."
      : number + " of " + items.length + " findings are shown.";
  };
  let waiting = 0;
  search.addEventListener("input", () => { clearTimeout(waiting); waiting = setTimeout(apply, 120); });
  [code, file, obligation, fate, app].forEach((one) => one.addEventListener("change", apply));
  document.getElementById("filter-clear").addEventListener("click", () => {
    [search, code, file, obligation, fate, app].forEach((one) => { one.value = ""; });
    apply();
    search.focus();
  });

  list.addEventListener("toggle", (event) => { if (event.target.open) fill(event.target); }, true);

  list.addEventListener("keydown", (event) => {
    if (event.key !== "ArrowDown" && event.key !== "ArrowUp") return;
    if (event.target.localName !== "summary") return;
    const visible = items.filter((item) => !item.hidden);
    const here = visible.indexOf(event.target.closest("li"));
    const next = visible[here + (event.key === "ArrowDown" ? 1 : -1)];
    if (next) { event.preventDefault(); next.querySelector("summary").focus(); }
  });
})();
