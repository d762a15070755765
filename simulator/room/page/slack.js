// Slack's messages, drawn by slack-blocks-to-jsx; by us only what it lacks. What nobody here draws is named, never left out.
// `press(element, event)` is called for a click on a button.
import { el } from "./dom.js";

const library = await import("/chat/files/blocks.js").catch(() => undefined);
const ITS_BLOCKS = ["actions", "context", "data_visualization", "divider", "header", "image", "markdown", "rich_text", "section", "table", "video"];

export function slackBody({ text, blocks, attachments }, people, press) {
  const all = blocks?.length ? blocks : text ? worded(text) : [];
  return el("div", { class: "blocks" }, drawn(all, people, press), (attachments ?? []).map((attachment) => el("div", { class: "attachment" },
    drawn(attachment.blocks?.length ? attachment.blocks : worded(attachment.text || attachment.fallback || ""), people, press))));
}

const worded = (text) => [{ type: "section", text: { type: "mrkdwn", text } }];

// Text objects outside of blocks, as in dialogs.
export const wordedBody = (object, people) => drawn([{ type: "section", text: object }], people);

function drawn(blocks, people, press) {
  if (!library) return el("p", { class: "unknown" }, `${blocks.map((block) => block.text?.text ?? "").join(" ")} (Blocks aren't drawn: run make setup, which makes what draws them.)`);
  const parts = [];
  for (const block of blocks) {
    if (!ITS_BLOCKS.includes(block.type)) parts.push(ours(block, people));
    else if (Array.isArray(parts.at(-1))) parts.at(-1).push(block);
    else parts.push([block]);
  }
  return parts.map((part) => (Array.isArray(part) ? theirs(part, people, press) : part));
}

function theirs(blocks, people, press) {
  const root = el("div");
  const holder = el("div", {}, root);
  library.drawBlocks(root, guarded(blocks), { users: people.map((each) => ({ id: each.chat.slack_user, name: each.name })) });
  const buttons = new Map();
  for (const drawnButton of root.querySelectorAll("button.slack_blocks_to_jsx__button_element")) {
    const block_id = drawnButton.parentElement.closest("[id]").id;
    const block = blocks.find((each) => each.block_id === block_id);
    const element = [...(block?.elements ?? []), block?.accessory].find((each) => each?.action_id === drawnButton.id);
    buttons.set(drawnButton, { ...element, block_id });
    drawnButton.dataset.key = `${block_id}/${drawnButton.id}`;
    if (element?.url) drawnButton.setAttribute("role", "link");
  }
  holder.addEventListener("click", (event) => { // before the library, which tells nobody of clicks
    const button = buttons.get(event.target.closest("button"));
    if (!button) return;
    event.stopPropagation();
    press?.(button);
  }, true);
  for (const wide of root.querySelectorAll("table")) Object.assign(wide.parentElement, { tabIndex: 0 }).classList.add("wide");
  return holder;
}

// Its parser takes escaped links for links, and leaves out lines that begin as Markdown's headings or HTML do: a word joiner,
// which nobody sees, hinders it. It also puts a space after each escaped `>`, and shows `verbatim` text without its marks,
// where Slack only makes no links of bare names.
function guarded(blocks) {
  const told = (value) => value.replaceAll("&lt;", "&lt;\u2060").replace(/^(\s*)#/gm, "$1\u2060#").replace(/(?<!^)&gt;/gm, ">");
  const bare = (value) => value.replace(/(?<![<|\w])(https?):\/\//g, "$1\u2060://");
  return JSON.parse(JSON.stringify(blocks), (_, value) => (value?.type !== "mrkdwn" ? value
    : { type: "mrkdwn", text: told(value.verbatim ? bare(value.text) : value.text) }));
}

function ours(block, people) {
  if (block.type !== "data_table") return el("p", { class: "unknown" }, `(${block.type} can't be drawn here)`);
  const cell = (tag) => (each) => el(tag, { class: each.type === "raw_number" && "number" },
    each.type === "rich_text" ? theirs([each], people) : String(each.text ?? each.value ?? ""));
  const [first, ...rest] = block.rows;
  return el("div", { class: "wide", tabindex: 0 }, el("table", { class: "data" }, block.caption && el("caption", {}, block.caption),
    el("thead", {}, el("tr", {}, first.map(cell("th")))), el("tbody", {}, rest.map((row) => el("tr", {}, row.map(cell("td")))))));
}
