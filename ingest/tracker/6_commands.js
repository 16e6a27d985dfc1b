// The commands, and the start.

function init(told) {
  if (config || !told) {
    return;
  }
  if (!/^snm_w_/.test(told.key)) {
    warn('a write key (snm_w_...) is needed; a secret key never goes into a page');
    return;
  }
  const from = told.endpoint || (script && script.src) || '';
  if (doc.prerendering) {
    held.unshift(['init', told]);
    return;
  }
  endpoint = from.replace(/\/(v1\/sonnim\.js.*)?$/, '');
  config = assign({}, told);
  look();
  ['pushState', 'replaceState'].forEach((name) => {
    const original = history[name];
    history[name] = function () {
      const result = original.apply(this, arguments);
      safely(look)();
      return result;
    };
  });
  on(page, 'popstate', look);
  on(page, 'hashchange', look);
  on(page, 'pagehide', leave);
  on(page, 'pageshow', (shown) => shown.persisted && open());
  on(page, 'online', () => {
    pause_until = 0;
    flush();
  });
  on(doc, 'visibilitychange', () => (doc.visibilityState === 'hidden' ? leave() : flush()));
  beats_ms = (config.heartbeat == null ? HEARTBEAT_SECONDS : Math.max(+config.heartbeat && 5, +config.heartbeat)) * 1000;
  if (beats_ms) {
    setInterval(
      safely(() => doc.visibilityState === 'visible' && beat() && flush()),
      beats_ms,
    );
  }
  held.splice(0).forEach((call) => sonnim.apply(page, call));
  if (config.dataLayer) {
    listenTo(config.dataLayer === true ? 'dataLayer' : config.dataLayer);
  }
  soon(0);
}

const sonnim = safely(function (name, value) {
  if (name === 'init') {
    init(value);
  } else if (!config) {
    held.push(arguments);
    held.splice(QUEUE_EVENTS);
  } else if (name === 'consent') {
    consent(value);
  } else if (name === 'visitor_id') {
    value(allowed() ? visitor() : '');
  } else if (name === 'identify') {
    identify(value);
  } else {
    track(name, value);
    if (name === 'logout') {
      member = null;
      forget('i');
    }
  }
});

safely(function () {
  if (early && early.loaded) {
    return;
  }
  sonnim.loaded = true;
  page.sonnim = sonnim;
  doc.addEventListener('prerenderingchange', () => held.splice(0).forEach((call) => sonnim.apply(page, call)));
  const told = script && assign({}, script.dataset);
  if (told && told.key) {
    for (const name in told) {
      told[name] = /^(true)?$/.test(told[name]) || (told[name] !== 'false' && told[name]);
    }
    init(told);
  }
  ((early && early.q) || []).forEach((call) => sonnim.apply(page, call));
})();
