// Files of a report: what they are called, and what is in them.

import { language, serverNow, site, take } from "../page.js";
import { question } from "./state.js";

/** `sonnim-report-<site>-<segment>-24h-20260504T0302.csv`: the moment is UTC; conditions that are not saved are `expression`. */
export function fileName(of, told, ending) {
  const asked = of.segment ?? (of.expression ? "expression" : "everyone");
  const minute = (told.as_of ?? new Date(serverNow()).toISOString()).slice(0, 16).replaceAll(/[-:]/g, "");
  return `sonnim-report-${site}-${asked}-${told.window}-${minute}.${ending}`.replaceAll(/[^\w.-]/g, "_");
}

/** The report as CSV, as the API writes it. */
export const csvOf = (of) => take("POST", `/v1/reports/live.csv?language=${language}`, question(of));
