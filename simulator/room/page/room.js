// The room: asks for what the chosen person sees, each second, and redraws only the messages that changed.
import { el } from "./dom.js";
import { slackBody, wordedBody } from "./slack.js";
import { teamsBody } from "./teams.js";

const EVERY_MS = 1000;
const AUTHORS = { webhook: "Incoming webhook", app: "The app", slackbot: "Slackbot", workflow: "Workflows" };
const find = (selector) => document.querySelector(selector);
const [picker, charts, dialog, said] = ["#person", "#charts", "dialog", "#said"].map(find);
const chosen = { slack: "", teams: "" };
const shown = new Map(); // by service and id: what was drawn, and its element
let people = [];
let messages = [];

const json = async (path, body) => {
  const answer = await fetch(path, body && { method: "POST", body: JSON.stringify(body) });
  const content = await answer.json();
  if (!answer.ok) throw new Error(content.error ?? `${path} answered ${answer.status}`);
  return content;
};
const person = () => people.find((each) => each.user_principal_name === picker.value);
const say = (text) => { said.textContent = text; };
const clock = (at) => new Date(at).toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit", timeZone: "UTC" });

function kindOf(each) {
  if (each.guest || each.chat.slack_kind === "guest") return "guest";
  if (each.chat.slack_kind !== "member") return each.chat.slack_kind;
  return each.chat.slack_team === "T01CONTOSO" ? each.roles.map((role) => role.split(".").pop()).join(", ") || "no role" : "stranger";
}

async function start() {
  people = await json("/_sim/people");
  picker.append(...people.map((each) => el("option", { value: each.user_principal_name }, `${each.name} (${kindOf(each)})`)));
  const last = localStorage.getItem("person");
  if (people.some((each) => each.user_principal_name === last)) picker.value = last;
  picker.addEventListener("change", () => { localStorage.setItem("person", picker.value); say(""); again(); });
  charts.addEventListener("change", () => again());
  for (const tab of document.querySelectorAll("[data-show]")) tab.addEventListener("click", () => show(tab.dataset.show));
  find("#slack form").addEventListener("submit", command);
  for (;;) {
    await refresh();
    await new Promise((done) => setTimeout(done, EVERY_MS));
  }
}

function again() { shown.clear(); return refresh(); }

function show(service) {
  find("main").dataset.shown = service;
  for (const tab of document.querySelectorAll("[data-show]")) tab.setAttribute("aria-pressed", tab.dataset.show === service);
  const list = find(`#${service} .messages`);
  list.scrollTop = (list.lastElementChild?.offsetTop ?? 0) - 8;
}

async function refresh() {
  const asked = picker.value;
  try {
    const [found, app] = await Promise.all([json(`/chat/messages?person=${encodeURIComponent(asked)}`), json("/chat/app")]);
    if (asked !== picker.value) return;
    messages = found;
    find("#commands").replaceChildren(...Object.keys(app.commands).map((name) => el("option", { value: name })));
    if (said.dataset.lost) { delete said.dataset.lost; say(""); }
    draw("slack");
    draw("teams");
  } catch (error) {
    said.dataset.lost = "yes";
    say(`The room can't be read: ${error.message}`);
  }
}

function draw(service) {
  const here = messages.filter((each) => each.service === service);
  const channels = [...new Set(here.map((each) => each.channel))];
  if (!channels.includes(chosen[service])) chosen[service] = channels[0] ?? "";
  tabs(service, channels);
  const list = find(`#${service} .messages`);
  const newest = list.lastElementChild;
  const follows = !newest || list.scrollTop >= newest.offsetTop - 40; // who reads older messages stays there
  const inChannel = here.filter((each) => each.channel === chosen[service]);
  const ids = new Set(inChannel.map((each) => each.id));
  const top = inChannel.filter((each) => !ids.has(each.thread)).flatMap((each) => {
    const replies = inChannel.filter((reply) => reply.thread === each.id && !reply.is_deleted);
    return each.is_deleted && !replies.length ? [] : [article(each), ...replies.map((reply) => article(reply))];
  });
  if (!top.length || top.length !== list.childElementCount || top.some((element, index) => element !== list.children[index])) place(list, top);
  if (follows && list.lastElementChild?.dataset.id !== newest?.dataset.id) list.scrollTop = list.lastElementChild.offsetTop - 8;
}

function place(list, wanted) {
  const focused = document.activeElement?.dataset?.key && list.contains(document.activeElement) && document.activeElement;
  const key = focused && [focused.closest("article").dataset.id, focused.dataset.key];
  const empty = el("p", { class: "empty" }, "Nothing was posted yet.");
  const at = list.scrollTop;
  list.replaceChildren(...(wanted.length ? wanted : [empty]));
  list.scrollTop = at;
  if (key) list.querySelector(`article[data-id="${CSS.escape(key[0])}"] [data-key="${CSS.escape(key[1])}"]`)?.focus();
}

function tabs(service, channels) {
  const nav = find(`#${service} nav`);
  const wanted = JSON.stringify([channels, chosen[service]]);
  if (nav.dataset.drawn === wanted) return;
  nav.dataset.drawn = wanted;
  nav.replaceChildren(...channels.map((channel) => el("button", { type: "button", "aria-current": channel === chosen[service] && "true",
    onclick: () => { chosen[service] = channel; draw(service); } }, `#${channel.replace(/\/[^/]*$/, "")}`)));  // a webhook's without its secret
}

function article(message) {
  const key = `${message.service}/${message.channel}/${message.id}`;
  const text = JSON.stringify(message);
  const before = shown.get(key);
  if (before?.text === text) return before.element;
  const element = drawnMessage(message);
  shown.set(key, { text, element });
  return element;
}

function drawnMessage(message) {
  const author = AUTHORS[message.author] ?? message.author;
  const body = (content) => {
    try {
      return message.service === "slack" ? slackBody(content, people, (button) => press(message, button)) : teamsBody({ ...message, content }, charts.checked);
    } catch (error) {
      return el("p", { class: "failure" }, `This message can't be drawn: ${error.message}`);
    }
  };
  const earlier = message.revisions.slice(0, -1);
  const mine = message.notices.filter((notice) => notice.person === person()?.chat.slack_user);
  return el("article", { "data-id": message.id, class: message.thread ? "reply" : "", "aria-label": `${author}, ${clock(message.at)}` },
    message.visible_to && el("p", { class: "only" }, "Only visible to you"),
    el("div", { class: "by" }, el("strong", {}, author), el("time", { datetime: message.at }, `${clock(message.at)} UTC`)),
    message.is_deleted ? el("p", { class: "only" }, "This message was deleted.") : body(message.content),
    earlier.length && !message.is_deleted ? el("details", { class: "edited" }, el("summary", {}, "(edited)"),
      earlier.map((each) => el("div", { class: "before", inert: true }, el("time", {}, `${clock(each.at)} UTC, before it was edited`), body(each.content)))) : undefined,
    mine.map((notice) => el("p", { class: "notice", role: "alert" }, notice.text)));
}

async function press(message, button) {
  const opens = () => /^(https?|mailto):/i.test(button.url) && window.open(button.url, "_blank", "noopener");
  const body = { message: message.id, action_id: button.action_id, block_id: button.block_id, person: picker.value };
  try {
    say("");
    if (button.confirm) {
      body.confirmed = await confirmed(button.confirm);
    }
    if (body.confirmed !== false) opens();
    await json("/chat/clicks", body);
  } catch (error) {
    if (!button.url) say(error.message); // a link works without an app, as one from a webhook does
  }
  await refresh();
}

function confirmed({ title, text, confirm, deny, style }) {
  const [no, yes] = dialog.querySelectorAll("button");
  dialog.querySelector("h2").textContent = title.text;
  dialog.querySelector("div").replaceChildren(...[wordedBody(text, people)].flat());
  [no.textContent, yes.textContent] = [deny.text, confirm.text];
  yes.className = `button ${style ?? "primary"}`;
  dialog.returnValue = "deny";
  dialog.showModal();
  return new Promise((done) => dialog.addEventListener("close", () => done(dialog.returnValue === "confirm"), { once: true }));
}

async function command(event) {
  event.preventDefault();
  const input = find("#command");
  const [name, ...rest] = input.value.trim().split(/\s+/);
  try {
    say("");
    await json("/chat/commands", { channel: chosen.slack || "general", command: name, text: rest.join(" "), person: picker.value });
    input.value = "";
  } catch (error) {
    say(error.message);
  }
  await refresh();
}

start();
