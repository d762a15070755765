// Teams' cards, by Microsoft's own renderer, with an element of our own for Chart.Line, which it lacks.
import { el, link } from "./dom.js";
import { chart } from "./chart.js";

const CARD = "application/vnd.microsoft.card.adaptive";
const colors = (name) => ({ default: `var(--${name})`, subtle: "var(--dim)" });
const FOREGROUND = { default: colors("text"), accent: colors("accent"), good: colors("good"), warning: colors("warning"), attention: colors("attention"), dark: colors("text"), light: colors("dim") };
const style = (name) => ({ backgroundColor: `var(--${name})`, foregroundColors: FOREGROUND });
const font = (fontFamily) => ({ fontFamily, fontSizes: { small: 12, default: 14, medium: 16, large: 18, extraLarge: 24 }, fontWeights: { lighter: 300, default: 400, bolder: 600 } });
const HOST = {
  fontTypes: { default: font("var(--font)"), monospace: font("var(--mono)") },
  spacing: { small: 8, default: 12, medium: 16, large: 20, extraLarge: 24, padding: 16 },
  separator: { lineThickness: 1, lineColor: "var(--line)" },
  supportsInteractivity: true,
  actions: { maxActions: 6, buttonSpacing: 8, actionsOrientation: "horizontal", actionAlignment: "left", showCard: { actionMode: "inline" } },
  containerStyles: { default: style("card"), emphasis: style("emphasis"), good: style("good-back"), attention: style("attention-back"), warning: style("warning-back"), accent: style("accent-back") },
  factSet: { title: { weight: "bolder", wrap: true, maxWidth: 160 }, value: { wrap: true }, spacing: 12 },
};

export function teamsBody(message, withCharts) {
  if (message.failure) return el("p", { class: "failure" }, `Not in the channel, its run failed: ${message.failure}`);
  const content = message.content;
  const cards = content.type === "AdaptiveCard" ? [content] : (content.attachments ?? []).filter((each) => each.contentType === CARD).map((each) => each.content);
  return el("div", {}, content.text && el("p", {}, content.text), cards.map((card) => rendered(card, withCharts)));
}

function rendered(json, withCharts) {
  const library = globalThis.AdaptiveCards;
  if (!library) return el("p", { class: "unknown" }, `${json.fallbackText ?? ""} (Cards aren't drawn: run make setup, which installs what draws them.)`);
  library.AdaptiveCard.onProcessMarkdown = (text, result) => {
    if (globalThis.markdownit) Object.assign(result, { outputHtml: globalThis.markdownit({ html: false }).render(text), didProcess: true });
  };
  const card = new library.AdaptiveCard();
  card.hostConfig = new library.HostConfig(HOST);
  card.onExecuteAction = (action) => {
    const url = action instanceof library.OpenUrlAction && action.url;
    if (url) link(url).click();
  };
  card.parse(json, context(library, withCharts));
  return el("div", { class: "card" }, card.render() ?? "");
}

function context(library, withCharts) {
  const made = new library.SerializationContext();
  if (!withCharts) return made;
  const elements = new library.CardObjectRegistry();
  library.GlobalRegistry.populateWithDefaultElements(elements);
  elements.register("Chart.Line", lineElement(library));
  made.setElementRegistry(elements);
  return made;
}

function lineElement(library) {
  return class extends library.CardElement {
    getJsonTypeName() { return "Chart.Line"; }
    internalParse(source, context) { super.internalParse(source, context); this.source = source; }
    internalRender() {
      const { title, data = [], xAxisTitle, yAxisTitle } = this.source;
      const series = data.map((line) => ({ name: line.legend, points: line.values.map(({ x, y }) => ({ label: String(x), value: y })) }));
      return chart({ title, series, xTitle: xAxisTitle, yTitle: yAxisTitle });
    }
  };
}
