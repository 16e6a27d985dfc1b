// What became of a delivery, and why, in words.

import { plain } from "../figures.js";
import { text, texts } from "../page.js";

/** Why it stands as it stands; "" if there is nothing to say. */
export function reasonOf(delivery) {
  const { status, reason } = delivery;
  if (status === "skipped") return `reason.${reason}` in texts ? text(`reason.${reason}`) : plain(reason);
  if (status === "failed" && reason === "disabled") return text("reason.disabled");
  if (status === "waiting" && delivery.attempts === 0) return text(reason === "replayed" ? "reason.replayed" : "reason.first");
  return answerOf(delivery);
}

/** What its last attempt was answered. */
export function answerOf({ last_status: status, last_error: error }) {
  if (status !== null) return text(status >= 300 && status < 400 ? "answer.redirect" : "answer.status", { status: String(status) });
  if (!error) return "";
  if (error.startsWith("no answer within")) return text("answer.none");
  if (error.includes("not on the public internet")) return text("answer.private");
  return text("answer.error", { error: plain(error) });
}
