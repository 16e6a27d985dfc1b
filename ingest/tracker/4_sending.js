// The queue, one stored entry an event, so that tabs do not overwrite each other's; and how it is sent.

function waiting() {
  const oldest = now() - QUEUE_MS;
  return names()
    .filter((name) => name[0] === 'q' && (name.slice(1, 14) > oldest || forget(name)))
    .sort();
}

function put(made) {
  const line = json(made);
  if (line.length > EVENT_CHARACTERS) {
    warn(made.name + ' is too large');
    return;
  }
  set('q' + tick() + made.event_id, line);
  const all = waiting();
  let size = all.reduce((sum, name) => sum + (get(name) || '').length, 0);
  while (all.length > QUEUE_EVENTS || size > QUEUE_CHARACTERS) {
    size -= (get(all[0]) || '').length;
    forget(all.shift());
  }
  soon(GATHER_MS);
}

const flying = {};
let timer;
let timer_at = 0;
let failures = 0;
let pause_until = 0;

function soon(wait) {
  const at = now() + wait;
  if (!timer || at < timer_at) {
    clearTimeout(timer);
    timer_at = at;
    timer = later(safely(flush), wait);
  }
}

// One tab sends at a time, and takes what all of them queued; who leaves does not wait for its turn.
function flush(leaving) {
  timer = clearTimeout(timer);
  if (!config || !allowed()) {
    return;
  }
  const asked = get('w') - now();
  const rest = Math.max(asked < LONGEST_PAUSE_MS * 2 ? asked : 0, pause_until - now());
  if (rest > 0) {
    soon(rest);
  } else if (leaving === true || !navigator.locks) {
    deliver(leaving);
  } else {
    navigator.locks.request('sonnim', safely(deliver)).catch(safely(deliver));
  }
}

function deliver(leaving) {
  const taken = [];
  const lines = [];
  let size = 0;
  if (!allowed()) {
    return;
  }
  for (const name of waiting()) {
    const line = !flying[name] && get(name);
    if (line) {
      size += line.length;
      if (taken.length === BATCH_EVENTS || (taken.length && size > BATCH_CHARACTERS)) {
        soon(0);
        break;
      }
      taken.push(name);
      lines.push(line);
    }
  }
  if (pulse) {
    lines.push(pulse);
    pulse = null;
  }
  if (!lines.length) {
    return;
  }
  // Where the clock is right nothing is to be corrected: a slow request must not move its events behind later ones.
  const sent = get('k') ? '}' : ',"sent_at":' + now() + '}';
  const body = '[' + lines.map((line) => line.slice(0, -1) + sent).join() + ']';
  const address = endpoint + '/v1/events?key=' + encodeURIComponent(config.key);
  if (leaving === true && !('keepalive' in Request.prototype)) {
    navigator.sendBeacon(address, body);
    return;
  }
  const limit = new AbortController();
  const over = later(() => limit.abort(), ANSWER_MS);
  taken.forEach((name) => (flying[name] = 1));
  return fetch
    .call(page, address, {
      method: 'POST',
      body: body,
      keepalive: body.length < KEEPALIVE_CHARACTERS,
      credentials: 'omit',
      signal: limit.signal,
    })
    .then((answer) => answered(answer, taken), () => failed())
    .catch(warn)
    .then(() => {
      clearTimeout(over);
      taken.forEach((name) => delete flying[name]);
    });
}

function answered(answer, taken) {
  const status = answer.status;
  if (status === 408 || status === 429 || status > 499) {
    const told = answer.headers.get('Retry-After');
    failed(told * 1000 || Date.parse(told) - now());
    return;
  }
  failures = 0;
  taken.forEach(forget);
  if (allowed()) {
    set('k', Math.abs(Date.parse(answer.headers.get('Date')) - now()) < CLOCK_MS ? 1 : '');
  }
  if (answer.ok) {
    return answer.json().then((told) => {
      told.rejected.forEach((one) => warn('refused: ' + one.reason + ', ' + one.detail));
    });
  }
  stopped = status === 401 || status === 403;
  warn('events refused, status ' + status);
}

// A server that asks for time gets it from all tabs and the next pages; a lost connection holds up this page only.
function failed(asked) {
  const backoff = Math.min(500 * 2 ** ++failures, LONGEST_BACKOFF_MS);
  const wait = Math.min(Math.max(asked || 0, backoff), LONGEST_PAUSE_MS) * (1 + Math.random() / 4);
  if (asked && allowed()) {
    set('w', Math.round(now() + wait));
  } else {
    pause_until = now() + wait;
  }
  soon(wait);
}
