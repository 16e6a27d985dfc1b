// Which people a page is about, as its address says: everyone, a saved segment (`segment=seg_...`) or an expression that is not saved
// (`expression=<JSON>`); and the window.

const told = new URLSearchParams(location.search);

/** The expression of the address; null if there is none, or none that is JSON. */
function expressionOf(text) {
  try {
    const found = JSON.parse(text);
    return found !== null && typeof found === "object" ? found : null;
  } catch {
    return null;
  }
}

/** {segment, expression, window, wrong} of an address; `segment` and `expression` are null if not asked for; `wrong`: it has conditions nobody can
 * read. */
export function askedOf(params = told) {
  const segment = params.get("segment") || null;
  const expression = segment ? null : expressionOf(params.get("expression"));
  return { segment, expression, window: params.get("window") === "7d" ? "7d" : "24h", wrong: Boolean(params.get("expression")) && !segment && !expression };
}

/** The same as a page's address has it. */
export const paramsOf = ({ segment, expression, window }) => ({ segment, expression: expression && !segment ? JSON.stringify(expression) : null, window });

/** The same as `segment` of a body of the API. */
export const bodyOf = ({ segment, expression }) => (segment ? { id: segment } : expression);
