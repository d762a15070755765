// Lines as SVG, close to what Teams draws. series: [{name, points: [{label, value}]}].
import { el, svg } from "./dom.js";

const WIDTH = 480, HEIGHT = 170, LEFT = 48, BOTTOM = 22, TOP = 8;

export function chart({ title, series, xTitle, yTitle }) {
  const labels = [...new Set(series.flatMap((line) => line.points.map((point) => point.label)))];
  const largest = Math.max(1, ...series.flatMap((line) => line.points.map((point) => point.value)));
  const step = (WIDTH - LEFT) / Math.max(1, labels.length);
  const x = (label) => LEFT + (labels.indexOf(label) + 0.5) * step;
  const y = (value) => TOP + (HEIGHT - TOP - BOTTOM) * (1 - Math.max(0, value) / largest);
  const picture = svg("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img", "aria-label": spoken(title, series) });
  for (const value of [0, largest / 2, largest]) {
    picture.append(svg("line", { x1: LEFT, x2: WIDTH, y1: y(value), y2: y(value), class: "grid" }),
      svg("text", { x: LEFT - 6, y: y(value) + 4, "text-anchor": "end" }, Math.round(value).toLocaleString("en")));
  }
  const every = Math.ceil(labels.length / 6);
  for (const label of labels.filter((_, index) => index % every === 0))
    picture.append(svg("text", { x: x(label), y: HEIGHT - 6, "text-anchor": "middle" }, label));
  series.forEach((line, index) => picture.append(...drawn(line, index, x, y)));
  const legend = series.map((line, index) => el("span", { class: `series-${index % 6}` }, line.name));
  return el("figure", { class: "chart" }, el("figcaption", {}, title || "", el("small", {}, [yTitle, xTitle].filter(Boolean).join(" · "))),
    picture, el("div", { class: "legend" }, ...legend));
}

function drawn(line, index, x, y) {
  const style = `series-${index % 6}`;
  const points = line.points.map((point) => `${x(point.label)},${y(point.value)}`).join(" ");
  const dots = line.points.map((point) => svg("circle", { class: style, cx: x(point.label), cy: y(point.value), r: 2.5 }));
  return [svg("polyline", { class: style, points }), ...dots];
}

function spoken(title, series) {
  const lines = series.map((line) => `${line.name}: ${line.points.map((p) => `${p.label} ${p.value}`).join(", ")}`);
  return [title, ...lines].filter(Boolean).join(". ");
}
