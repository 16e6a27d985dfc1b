// Who: the visitor id and the consent, and where they are kept: localStorage, or memory where that is closed or full.

const memory = {};

function get(name) {
  try {
    return page.localStorage.getItem(PREFIX + name) || memory[name];
  } catch (_) {
    return memory[name];
  }
}

// Whether it will be there on the next page.
function set(name, value) {
  try {
    page.localStorage.setItem(PREFIX + name, value);
    return true;
  } catch (_) {
    memory[name] = value;
  }
}

function forget(name) {
  delete memory[name];
  try {
    page.localStorage.removeItem(PREFIX + name);
  } catch (_) {}
}

function names() {
  let stored = [];
  try {
    stored = Object.keys(page.localStorage)
      .filter((name) => !name.indexOf(PREFIX))
      .map((name) => name.slice(PREFIX.length));
  } catch (_) {}
  return stored.concat(Object.keys(memory));
}

// 128 random bits.
function random() {
  return Array.from(page.crypto.getRandomValues(new Uint8Array(16)), (byte) => (byte + 256).toString(16).slice(1)).join('');
}

function cookie(value, seconds) {
  doc.cookie =
    COOKIE + '=' + value + ';path=/;SameSite=Lax;max-age=' + seconds +
    (config.cookieDomain ? ';domain=' + config.cookieDomain : '') +
    (location.protocol === 'https:' ? ';Secure' : '');
}

function fromCookie() {
  return (doc.cookie.match('(?:^|; )' + COOKIE + '=(\\w+)') || [])[1];
}

// Read anew each time: another tab may have made or deleted it.
function visitor() {
  const shared = config.cookieDomain && fromCookie();
  const known = shared || get('v') || fromCookie();
  const id = known || random();
  if (get('v') !== id && !set('v', id) && !known) {
    cookie(id, COOKIE_SECONDS);
  }
  if (config.cookieDomain && shared !== id) {
    cookie(id, COOKIE_SECONDS);
  }
  return id;
}

function allowed() {
  const told = get('c');
  return !stopped && (config.consent === 'required' ? told === '1' : told !== '0');
}

function consent(given) {
  const before = allowed();
  if (given) {
    set('c', '1');
    if (!before) {
      open();
    }
    return;
  }
  member = pulse = null;
  names().forEach(forget);
  cookie('', 0);
  if (config.consent !== 'required') {
    set('c', '0');
  }
}
