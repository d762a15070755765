// Slack's messages: Block Kit (docs.slack.dev/reference/block-kit), as far as apps like the one here post it.
// `press(element, button)` is called for a click. What can't be drawn is named, never left out.
import { el, link } from "./dom.js";
import { chart } from "./chart.js";

const MARK = /```([^]+?)```|`([^`\n]+)`|<([^<>|]+)(?:\|([^<>]*))?>|(?<![\w*])\*([^\s*](?:[^*\n]*[^\s*])?)\*(?!\w)|(?<!\w)_([^_\n]+)_(?!\w)|(?<!\w)~([^~\n]+)~(?!\w)/;

export function slackBody(content, press) {
  const blocks = content.blocks ?? [];
  const attachments = (content.attachments ?? []).map((attachment) => el("div", { class: "attachment" },
    attachment.blocks?.length ? attachment.blocks.map((block) => drawn(block, press)) : mrkdwn(attachment.text ?? attachment.fallback ?? "")));
  const text = blocks.length ? [] : el("p", {}, mrkdwn(content.text ?? ""));
  return el("div", { class: "blocks" }, text, blocks.map((block) => drawn(block, press)), attachments);
}

const unescaped = (text) => text.replace(/&lt;/g, "<").replace(/&gt;/g, ">").replace(/&amp;/g, "&");

export function mrkdwn(text) {
  const found = MARK.exec(text);
  if (!found) return text ? [unescaped(text)] : [];
  const [all, block, code, target, label, bold, italic, struck] = found;
  let node;
  if (block) node = el("pre", {}, unescaped(block.replace(/^\n/, "")));
  else if (code) node = el("code", {}, unescaped(code));
  else if (target) node = pointed(target, label);
  else if (bold) node = el("strong", {}, mrkdwn(bold));
  else if (italic) node = el("em", {}, mrkdwn(italic));
  else node = el("s", {}, mrkdwn(struck));
  const before = text.slice(0, found.index);
  return [...(before ? [unescaped(before)] : []), node, ...mrkdwn(text.slice(found.index + all.length))];
}

function pointed(target, label) {
  const [kind, rest] = [target[0], target.slice(1)];
  if (kind === "@" || kind === "#") return el("span", { class: "mention" }, kind + (label || rest));
  const date = /^!date\^(\d+)\^([^^]+)/.exec(target);
  if (date) return dated(Number(date[1]), date[2], label);
  if (kind === "!") return el("span", { class: "mention" }, `@${rest.split("^")[0]}`);
  return link(unescaped(target), unescaped(label || target));
}

// Dates are shown in the reader's own time zone.
function dated(seconds, format, fallback) {
  const at = new Date(seconds * 1000);
  if (Number.isNaN(at.getTime())) return fallback ?? "";
  const text = format.replace(/\{(\w+)\}/g, (_, token) => token.startsWith("time")
    ? at.toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit" })
    : at.toLocaleDateString("en-GB", { dateStyle: "medium" }));
  return el("time", { datetime: at.toISOString(), title: fallback }, text);
}

const worded = (object) => (object.type === "mrkdwn" ? mrkdwn(object.text) : [object.text]);

function drawn(block, press) {
  switch (block.type) {
    case "header": return el("h3", {}, block.text.text);
    case "divider": return el("hr");
    case "section": return el("div", { class: "section" }, el("div", {},
      block.text && el("p", {}, worded(block.text)),
      block.fields && el("div", { class: "fields" }, block.fields.map((field) => el("p", {}, worded(field))))),
      block.accessory && element({ ...block.accessory, block_id: block.block_id }, press));
    case "context": return el("div", { class: "context" }, block.elements.map((each) => each.type === "image"
      ? el("img", { src: each.image_url, alt: each.alt_text }) : el("span", {}, worded(each))));
    case "actions": return el("div", { class: "actions" }, block.elements.map((each) => element({ ...each, block_id: block.block_id }, press)));
    case "rich_text": return el("div", {}, block.elements.map(rich));
    case "markdown": return globalThis.markdownit ? markdown(block.text) : el("p", {}, block.text);
    case "image": return el("figure", {}, el("img", { src: block.image_url, alt: block.alt_text }));
    case "table": case "data_table": return table(block);
    case "data_visualization": return visualised(block);
    default: return unknown(block.type);
  }
}

const unknown = (type) => el("p", { class: "unknown" }, `(${type} can't be drawn here)`);

function markdown(text) {
  const holder = el("div");
  holder.innerHTML = globalThis.markdownit({ html: false, linkify: true }).render(text);
  return holder;
}

function element(each, press) {
  if (each.type !== "button") return each.type === "image" ? el("img", { src: each.image_url, alt: each.alt_text }) : unknown(each.type);
  const attributes = { class: `button ${each.style ?? ""}`, "aria-label": each.accessibility_label,
    "data-key": `${each.block_id}/${each.action_id}`, onclick: (event) => press(each, event) };
  if (!each.url) return el("button", { type: "button", ...attributes }, each.text.text);
  const opened = link(each.url, each.text.text);
  for (const [name, value] of Object.entries(attributes))
    name === "onclick" ? opened.addEventListener("click", value) : value && opened.setAttribute(name, value);
  return opened;
}

function rich(part) {
  switch (part.type) {
    case "rich_text_list": {
      const items = part.elements.map((item) => el("li", {}, item.elements.map(inline)));
      return el(part.style === "ordered" ? "ol" : "ul", { start: part.offset ? part.offset + 1 : undefined, class: `indent-${part.indent ?? 0}` }, items);
    }
    case "rich_text_preformatted": return el("pre", { tabindex: 0 }, part.elements.map(inline));
    case "rich_text_quote": return el("blockquote", {}, part.elements.map(inline));
    case "rich_text_section": return el("p", {}, part.elements.map(inline));
    default: return unknown(part.type);
  }
}

function inline(part) {
  let node;
  if (part.type === "text") node = part.text;
  else if (part.type === "link") node = link(part.url, part.text || part.url);
  else if (part.type === "emoji") node = part.unicode ? String.fromCodePoint(...part.unicode.split("-").map((code) => parseInt(code, 16))) : `:${part.name}:`;
  else if (part.type === "date") node = dated(part.timestamp, part.format, part.fallback);
  else if (part.type === "user" || part.type === "channel") node = el("span", { class: "mention" }, (part.type === "user" ? "@" : "#") + (part.user_id ?? part.channel_id));
  else if (part.type === "broadcast") node = el("span", { class: "mention" }, `@${part.range}`);
  else return unknown(part.type);
  const { bold, italic, strike, code } = part.style ?? {};
  for (const [tag, wanted] of [["code", code], ["s", strike], ["em", italic], ["strong", bold]]) if (wanted) node = el(tag, {}, node);
  return node;
}

function table(block) {
  const cell = (tag) => (each, column) => {
    const align = block.column_settings?.[column]?.align ?? (each.type === "raw_number" ? "right" : undefined);
    return el(tag, { style: align && `text-align:${align}` }, each.type === "rich_text" ? each.elements.map(rich) : String(each.text ?? each.value ?? ""));
  };
  const [first, ...rest] = block.rows;
  return el("div", { class: "wide", tabindex: 0 }, el("table", {}, block.caption && el("caption", {}, block.caption),
    el("thead", {}, el("tr", {}, first.map(cell("th")))), el("tbody", {}, rest.map((row) => el("tr", {}, row.map(cell("td")))))));
}

function visualised({ title, chart: { type, series, segments, axis_config: axis } }) {
  if (type === "pie") return table({ caption: title, rows: [[{ text: "Part" }, { text: "Value" }], ...segments.map((each) => [{ text: each.label }, { type: "raw_number", value: each.value }])] });
  return chart({ type, title, series: series.map((each) => ({ name: each.name, points: each.data })), xTitle: axis?.x_label, yTitle: axis?.y_label });
}
