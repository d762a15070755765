// What draws Slack's blocks: slack-blocks-to-jsx and React, which `make setup` makes one script and one style sheet of.
import { createElement } from "react";
import { flushSync } from "react-dom";
import { createRoot } from "react-dom/client";
import { Message } from "slack-blocks-to-jsx";
import "slack-blocks-to-jsx/dist/style.css";

// Draws blocks into an element, at once.
export function drawBlocks(holder, blocks, data) {
  flushSync(() => createRoot(holder).render(createElement(Message, { blocks, data, withoutWrapper: true })));
}
