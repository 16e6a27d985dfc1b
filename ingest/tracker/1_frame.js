// The snippet: what a shop puts into its pages, so that Sonnim sees its visitors. docs/snippet.md tells how to use it.
//
//   sonnim('init', {key: 'snm_w_...'})      or data-key on the script tag
//   sonnim('add_to_cart', {items: [...]})   an event: page views, queue and sending follow by themselves
//
// The files of this directory are one function, in the order of their numbers. Rules: it throws nothing into the shop's page
// and leaves no global but `sonnim`; it needs no eval, no inline code and no cookie of another site. Whatever is stored
// carries the prefix `sonnim.`; before consent nothing is. An event is made once, with its id, and lies in the queue until
// an answer came: sending it again does no harm. Comments stand on lines of their own: it is served without them.

const BATCH_EVENTS = 199;
// At most three bytes a character: a batch stays below the 64 KiB that browsers let outlive a page.
const BATCH_CHARACTERS = 19000;
const KEEPALIVE_CHARACTERS = 21000;
const EVENT_CHARACTERS = 300000;
const QUEUE_EVENTS = 1000;
const QUEUE_CHARACTERS = 500000;
// Events are taken up to seven days late.
const QUEUE_MS = 167 * 3600000;
const TEXT_CHARACTERS = 2000;
const GATHER_MS = 250;
// A single-page shop changes its title a moment after its address.
const TITLE_MS = 100;
const ANSWER_MS = 30000;
const CLOCK_MS = 5000;
const LONGEST_PAUSE_MS = 3600000;
const LONGEST_BACKOFF_MS = 300000;
const HEARTBEAT_SECONDS = 30;
// A page that lies open without anything happening is no visit any more.
const IDLE_MS = 1800000;
const PREFIX = 'sonnim.';
const COOKIE = 'sonnim_v';
const COOKIE_SECONDS = 34128000;

// Taken now: the page may replace them later.
const page = window;
const doc = document;
const stringify = JSON.stringify;
const assign = Object.assign;
const fetch = page.fetch;
const later = page.setTimeout;
const now = Date.now;
const script = doc.currentScript;
const early = page.sonnim;

let config;
let endpoint;
let member;
let stopped;
const held = [];
const warned = {};

if (early && early.loaded) {
  return;
}

function warn(text) {
  if (!warned[text]) {
    warned[text] = 1;
    console.warn('sonnim: ' + text);
  }
}

function safely(work) {
  return function () {
    try {
      return work.apply(this, arguments);
    } catch (error) {
      try {
        warn(error);
      } catch (_) {}
    }
  };
}

function on(target, name, work) {
  target.addEventListener(name, safely(work));
}

// JSON, also where an old library gave arrays or texts a toJSON of their own.
function json(value) {
  const own = [Array, String, Number, Object]
    .map((type) => [type.prototype, Object.getOwnPropertyDescriptor(type.prototype, 'toJSON')])
    .filter((pair) => pair[1]);
  try {
    own.forEach((pair) => delete pair[0].toJSON);
    return stringify(value);
  } finally {
    own.forEach((pair) => Object.defineProperty(pair[0], 'toJSON', pair[1]));
  }
}
