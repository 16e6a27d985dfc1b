// Google's dataLayer, with gtag's calls and Tag Manager's objects, heard and sent on under our names.

const SAME = /^(view_(item(_list)?|cart)|(add_to|remove_from)_cart|begin_checkout|purchase|refund|search)$/;
const SENT_ON =
  'transaction_id value currency search_term coupon shipping tax affiliation item_list_id item_list_name method'.split(' ');

// ISO 4217.
function decimals(currency) {
  return /BIF|CLP|DJF|GNF|ISK|JPY|KMF|KRW|PYG|RWF|UGX|UYI|VND|VUV|XAF|XOF|XPF/.test(currency)
    ? 0
    : /BHD|IQD|JOD|KWD|LYD|OMR|TND/.test(currency)
      ? 3
      : /CLF|UYW/.test(currency)
        ? 4
        : 2;
}

function listen(entry) {
  entry = entry || {};
  const call = entry[0];
  let name = entry.event;
  let told = assign({}, entry, entry.ecommerce);
  if (call) {
    name = call === 'event' && entry[1];
    told = entry[2] || entry[1];
    if (call === 'set' && entry[1] === 'user_id') {
      told = { user_id: entry[2] };
    }
  }
  const user = told && told.user_id;
  if (user) {
    if (String(user) !== member) {
      identify({ member_id: String(user) });
    }
  } else if (name === 'login') {
    identify();
  }
  if (name === 'view_search_results') {
    name = 'search';
  }
  if (!SAME.test(name)) {
    return;
  }
  const ours = {};
  told = told || {};
  SENT_ON.forEach((field) => (ours[field] = told[field]));
  ours.currency = String(ours.currency || config.currency || '').toUpperCase();
  ours.value = minor(told.value);
  ours.items = Array.from(told.items || [], (item) => {
    const made = assign({}, item);
    for (const field in made) {
      if (/^item_/.test(field) && made[field] != null) {
        made[field] = short(made[field]);
      }
    }
    made.item_id = made.item_id || made.id || made.item_name;
    made.price = minor(made.price);
    made.quantity = Math.round(made.quantity) || 1;
    return made;
  }).slice(0, 200);
  // Without items the cart would be emptied.
  if (ours.items.length || !/_cart$/.test(name) || name === 'view_cart') {
    track(name, ours);
  }

  // Google's amounts are decimal, ours whole numbers of the smallest unit. Better none than one a hundred times too large.
  function minor(amount) {
    if (amount == null || amount === '') {
      return;
    }
    if (!ours.currency) {
      warn('an amount without a currency in dataLayer; name one in init');
      return;
    }
    return Math.round(amount * 10 ** decimals(ours.currency));
  }
}

function listenTo(name) {
  const layer = (page[name] = page[name] || []);
  const push = layer.push;
  const heard = safely(listen);
  layer.slice().forEach((entry) => heard(entry));
  layer.push = function () {
    const result = push.apply(this, arguments);
    for (const entry of arguments) {
      heard(entry);
    }
    return result;
  };
}
