// What a report says in a few sentences, and only what its figures support. Pure: names of sentences with unrounded figures.

export const FEW_ORDERS = 10; // of fewer orders nothing is said about who places them
export const FEW_VISITS = 30; // of fewer visits no rate is judged
const EVEN = 0.1; // shares this near to each other are alike
const ALIKE_PERCENT = 5; // rates this near to each other are alike
const WORTH_PERCENT = 10; // a difference of stays worth a sentence

/** [{name, ...figures}, ...], at most three. `report`: as the API tells it; `everyone`: it is about no segment. */
export function headline(report, everyone) {
  const { site, segment, share } = report;
  if (everyone) return site.visits ? [{ name: site.orders ? "everyone" : "everyone_no_orders", visitors: site.visitors, visits: site.visits, orders: site.orders }] : [];
  if (!segment || !site.visits) return [];
  if (!segment.visits) return [{ name: "nobody" }];
  const said = [{ name: placed(report), visitors: share.visitors, orders: share.orders }];
  if (segment.visits < FEW_VISITS) return [...said, { name: "few", n: segment.visits }];
  return [...said, ...bought(report), ...stayed(report)];
}

function placed({ site, share }) {
  if (site.orders < FEW_ORDERS || !share.visitors || share.orders === null) return "part";
  const times = share.orders / share.visitors;
  return times >= 1 + EVEN ? "more" : times <= 1 - EVEN ? "less" : "even";
}

function bought(report) {
  const base = baseOf(report);
  const difference = report.diff_pct.purchase_rate;
  if (difference === null || base.orders < FEW_ORDERS || base.visits < FEW_VISITS) return [];
  const name = Math.abs(difference) < ALIKE_PERCENT ? "rate_even" : difference > 0 ? "rate_higher" : "rate_lower";
  return [{ name, segment: report.segment.purchase_rate, of: base.purchase_rate, points: report.diff_pp.purchase_rate }];
}

function stayed(report) {
  const base = baseOf(report);
  const difference = report.diff_pct.avg_stay_seconds;
  if (difference === null || base.visits < FEW_VISITS || Math.abs(difference) < WORTH_PERCENT) return [];
  return [{ name: difference > 0 ? "stay_longer" : "stay_shorter", segment: report.segment.avg_stay_seconds, of: base.avg_stay_seconds }];
}

/** The figures that differences are against. */
export const baseOf = (report) => (report.compare === "others" ? report.others : report.site);
