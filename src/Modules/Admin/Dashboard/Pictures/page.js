"use strict";
// Draws the figures. The text is in the page already; nothing here makes markup.
const figures = JSON.parse(document.getElementById("figures").textContent);
const ring = ["tone-a", "tone-c", "tone-d", "tone-b"], dashes = [[], [6, 3], [2, 2]], points = ["circle", "rect", "triangle"];
let charts = [];

const tone = name => getComputedStyle(document.documentElement).getPropertyValue("--" + name).trim();
const cut = (text, most) => [...text].length > most ? [...text].slice(0, most - 1).join("") + "…" : text;
const total = (figure, at) => figure.series.reduce((sum, series) => sum + series.values[at], 0);

function datasets(figure) {
  return figure.series.map((series, n) => {
    const color = tone("tone-" + series.tone), common = { label: series.name, data: series.values };
    if (figure.kind === "lines")
      return { ...common, borderColor: color, backgroundColor: color, borderWidth: 2, borderDash: dashes[n], pointStyle: points[n], pointRadius: figure.labels.length > 45 ? 0 : figure.labels.length > 14 ? 2 : 4, pointHoverRadius: 5 };
    if (figure.kind === "ring")
      return { ...common, backgroundColor: ring.map(tone), borderColor: tone("panel"), borderWidth: 2 };
    return { ...common, backgroundColor: color, borderRadius: 3, maxBarThickness: figure.kind === "columns" ? 64 : 18 };
  });
}

function options(figure, width) {
  const flat = figure.kind === "bars", narrow = width < 460;
  const ticks = { color: tone("soft") }, grid = { color: tone("line") }, count = { beginAtZero: true, stacked: figure.isStacked, ticks: { ...ticks, precision: 0, maxTicksLimit: 6 }, grid, border: { display: false } };
  const name = { stacked: figure.isStacked, grid: { display: false }, border: { color: tone("line") }, ticks: { ...ticks, autoSkip: figure.kind === "lines", maxRotation: 0, autoSkipPadding: 16 } };
  if (flat)
    name.ticks = { ...name.ticks, color: tone("ink"), callback: at => cut(figure.labels[at], narrow ? 15 : 30) + (figure.series.length > 1 && !figure.isStacked ? "" : "  " + total(figure, at).toLocaleString("en")) };
  if (figure.kind === "lines") {
    name.offset = figure.labels.length < 3;
    name.ticks.callback = at => figure.labels[at].replace(/ \d{4}$/, "");
  }
  return {
    responsive: true, maintainAspectRatio: false, animation: false, indexAxis: flat ? "y" : "x",
    interaction: figure.kind === "ring" ? { mode: "nearest", intersect: true } : { mode: "index", axis: flat ? "y" : "x", intersect: false },
    scales: figure.kind === "ring" ? {} : flat ? { x: count, y: name } : { x: name, y: count },
    cutout: "62%",
    plugins: {
      tooltip: { callbacks: { title: items => items.map(item => figure.labels[item.dataIndex])[0] } },
      legend: figure.kind === "ring" ? { position: narrow ? "bottom" : "right", labels: { color: tone("ink"), usePointStyle: true, pointStyle: "rectRounded", generateLabels: chart => Chart.overrides.doughnut.plugins.legend.labels.generateLabels(chart).map((label, at) => ({ ...label, text: `${figure.labels[at]}  ${figure.series[0].values[at].toLocaleString("en")}` })) } }
        : { display: figure.series.length > 1, position: "top", align: "end", labels: { color: tone("ink"), usePointStyle: true, boxHeight: 7 } },
    },
  };
}

function draw() {
  charts.forEach(chart => chart.destroy());
  Chart.defaults.font.family = getComputedStyle(document.body).fontFamily;
  charts = figures.map(figure => {
    const canvas = document.getElementById(figure.id), plot = canvas.parentElement;
    if (figure.kind === "bars")
      plot.style.height = `${figure.labels.length * (figure.series.length > 1 && !figure.isStacked ? 40 : 27) + 70}px`;
    const type = { lines: "line", ring: "doughnut" }[figure.kind] ?? "bar";
    return new Chart(canvas, { type, data: { labels: figure.labels, datasets: datasets(figure) }, options: options(figure, plot.clientWidth) });
  });
}

draw();
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
matchMedia("(max-width: 46rem)").addEventListener("change", draw);

// Paper is white, whatever the screen is.
const print = paper => () => { document.documentElement.classList.toggle("paper", paper); draw(); };
addEventListener("beforeprint", print(true));
addEventListener("afterprint", print(false));

if (Intl.supportedValuesOf)
  document.getElementById("zones").replaceChildren(...["UTC", ...Intl.supportedValuesOf("timeZone")].map(zone => new Option(zone)));
