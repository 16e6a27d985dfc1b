// What happens: events, pages and heartbeats.

function short(text) {
  return String(text).slice(0, TEXT_CHARACTERS);
}

// Epoch milliseconds, never the same twice: what happened first stays first.
function tick() {
  return (ticked_at = Math.max(now(), ticked_at + 1));
}

function event(name, told, at) {
  const made = assign({}, told);
  if ('name' in made) {
    made.properties = assign({ name: made.name }, made.properties);
  }
  made.name = name;
  made.event_id = made.event_id || random();
  made.visitor_id = visitor();
  made.member_id = made.member_id || member;
  made.occurred_at = made.occurred_at || at || tick();
  made.page = assign({ url: short(url), title: short(doc.title), referrer: short(referrer) }, made.page);
  made.context = assign({ locale: navigator.language }, made.context);
  delete made.sent_at;
  told_at = now();
  return made;
}

function record(name, told, at) {
  if (allowed()) {
    acted_at = now();
    put(event(name, told, at));
  }
}

// An event of the shop's. A page view that is still to be told comes first.
function track(name, told) {
  look();
  view();
  record(name, told && typeof told === 'object' ? told : {});
}

// The same said twice within a visit is sent once: a shop may say it on every page.
function identify(told) {
  const rest = assign({}, told);
  delete rest.member_id;
  member = (told && told.member_id) || member;
  if (!allowed()) {
    return;
  }
  let sum = 0;
  for (const letter of json([member, rest])) {
    sum = (sum * 31 + letter.codePointAt(0)) | 0;
  }
  const before = (get('i') || '').split(' ');
  set('i', sum + ' ' + now());
  if (before[0] !== String(sum) || now() - before[1] > IDLE_MS) {
    track('identify', { properties: { traits: rest.traits || rest } });
  }
}

let url;
let referrer = doc.referrer;
let opened_at = 0;
let acted_at = 0;
let told_at = 0;
let ticked_at = 0;
let viewing;

// Without an anchor; `#/` and `#!` are pages of shops that route by it.
function address() {
  const whole = location.href;
  return config.anchors || /#[/!]/.test(whole) ? whole : whole.split('#')[0];
}

// Has the address changed? Then there is a page to tell of, in a moment.
function look() {
  const next = config && address();
  if (!next || next === url) {
    return;
  }
  view();
  referrer = url || referrer;
  url = next;
  open(TITLE_MS);
}

function open(wait) {
  if (config.pageview !== false) {
    opened_at = tick();
    viewing = later(safely(view), wait || 0);
  }
}

function view() {
  if (viewing) {
    viewing = clearTimeout(viewing);
    record('page_view', {}, opened_at);
  }
}

let pulse;
let beats_ms;

// Whether there is something to tell: the page is still open, or was until now. The last one is enough, and is never kept.
function beat() {
  if (beats_ms && allowed() && now() - told_at > 1000 && now() - acted_at < IDLE_MS) {
    return (pulse = json(event('heartbeat')));
  }
}

function leave() {
  view();
  beat();
  flush(true);
}
