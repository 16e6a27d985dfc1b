// What the shop told of the member, and the devices.

import { html } from "../html.js";
import { text, texts } from "../page.js";
import { NONE, ago, counted, dateTime, day, isMoment, number, plain } from "../figures.js";
import { Chip, seconds } from "../parts.js";
import { Since } from "../people.js";

const CHANNELS = ["sms", "kakao", "push", "email", "night"];
const DEVICES = 5;
const COUPONS = 20;

const Pair = ({ name, children }) => html`<div><dt>${name}</dt><dd>${children ?? NONE}</dd></div>`;

/** Whether a coupon can be used now, and if not, why. */
function stateOf({ used_at, expires_at }) {
  if (used_at) return "used";
  return expires_at && Date.parse(expires_at) < seconds.peek() ? "expired" : "usable";
}

function Coupon({ coupon }) {
  const state = stateOf(coupon);
  const until = coupon.expires_at ? text("coupon.until", { time: dateTime(coupon.expires_at) }) : text("coupon.always");
  const under = { used: text("coupon.used", { time: dateTime(coupon.used_at) }), expired: text("coupon.expired", { time: dateTime(coupon.expires_at) }), usable: until }[state];
  return html`<li class=${state}><span class="cut">${plain(coupon.name ?? coupon.id)}</span><span class="quiet small">${under}</span></li>`;
}

function Consents({ consents, kakao_friend }) {
  const told = [...CHANNELS, ...Object.keys(consents).filter((one) => !CHANNELS.includes(one))].filter((one) => consents[one]);
  if (!told.length && kakao_friend === null) return NONE;
  const shown = (granted, name, title) => html`<${Chip} kind=${granted ? "good" : ""} title=${title}><span class="consent-mark" aria-hidden="true">${granted ? "✓" : "✕"}</span>${name}<span class="unseen"> ${text(granted ? "granted" : "refused")}</span><//>`;
  return html`<span class="chips">
    ${told.map((one) => shown(consents[one].granted, texts[`consent.${one}`] ?? plain(one), dateTime(consents[one].at)))}
    ${kakao_friend !== null && shown(kakao_friend, text("consent.kakao_friend"))}
  </span>`;
}

const traitOf = (value) => {
  if (typeof value === "boolean") return text(value ? "yes" : "no");
  if (typeof value === "number") return number(value, Number.isInteger(value) ? 0 : 2);
  return isMoment(value) ? dateTime(value) : plain(value);
};

export function Member({ member }) {
  if (!member) return null;
  const traits = Object.entries(member.traits);
  return html`
    <section class="card" aria-labelledby="member-title">
      <header class="card-head"><h2 id="member-title">${text("member")}</h2>${member.as_of && html`<span class="quiet small" title=${dateTime(member.as_of)}>${text("member.as_of", { ago: ago(member.as_of, seconds.peek()) })}</span>`}</header>
      <div class="card-body">
        <dl class="pairs">
          <${Pair} name=${text("member.grade")}>${member.grade && plain(member.grade)}<//>
          <${Pair} name=${text("member.points")}>${member.points === null ? null : html`<strong>${counted(member.points, "n_points")}</strong>`}<//>
          <${Pair} name=${text("member.joined")}>${member.joined_at && day(member.joined_at)}<//>
          <${Pair} name=${text("member.birthday")}>${member.birthday}<//>
          <${Pair} name=${text("member.consents")}><${Consents} ...${member} /><//>
          ${traits.map(([name, value]) => html`<${Pair} key=${name} name=${plain(name)}>${traitOf(value)}<//>`)}
        </dl>
        ${member.coupons.length > 0 && html`<h3 class="under-title">${text("coupons")}</h3><ul class="lines coupons">${member.coupons.slice(0, COUPONS).map((one) => html`<${Coupon} key=${one.id} coupon=${one} />`)}</ul>`}
        ${member.coupons.length > COUPONS && html`<p class="quiet small">${counted(member.coupons.length - COUPONS, "more_coupons")}</p>`}
      </div>
    </section>`;
}

export function Devices({ devices }) {
  return html`
    <section class="card" aria-labelledby="devices-title">
      <header class="card-head"><h2 id="devices-title">${text("devices")}</h2><span class="quiet small">${counted(devices.length, "n_devices")}</span></header>
      <div class="card-body"><ul class="lines">
        ${devices.slice(0, DEVICES).map((one) => html`<li key=${one.visitor_id}><span class="cut">${plain(one.visitor_id)}</span><span class="quiet small"><${Since} at=${one.last_seen} /></span></li>`)}
      </ul>${devices.length > DEVICES && html`<p class="quiet small">${counted(devices.length - DEVICES, "more_devices")}</p>`}</div>
    </section>`;
}
