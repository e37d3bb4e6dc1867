import { LOGIN_PAGE_PATH } from '../../upstreams/oauth/login-links.service.js';

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

const shown = (text: string): string => text.replace(/[&<>"']/g, (c) => ENTITIES[c] ?? c);

function page(inside: string, head = ''): string {
  const meta = '<meta charset="utf-8"><meta name="viewport" content="width=device-width">';
  return `<!doctype html><html lang="en"><head>${meta}<title>MCP Gateway</title>${head}</head><body>${inside}</body></html>\n`;
}

/**
 * Asks whose browser this is.
 * @param ask `base` is the path under which the gateway is served, '' = the root; `alert` says what was
 *   wrong with the credential that came, '' = none came
 */
export function whoPage(ask: {
  readonly gateway: string;
  readonly ticket: string;
  readonly base: string;
  readonly alert: string;
}): string {
  const alert = ask.alert === '' ? '' : `<p role="alert">${shown(ask.alert)}</p>`;
  return page(
    `<main><h1>Log in to ${shown(ask.gateway)}</h1>` +
      '<p>A client of this gateway has asked for it. Show that it was yours: enter the token that the ' +
      'client sends to this gateway, or your user name and password.</p>' +
      alert +
      `<form method="post" action="${shown(ask.base + LOGIN_PAGE_PATH)}">` +
      `<input type="hidden" name="ticket" value="${shown(ask.ticket)}">` +
      '<p><label>User name (empty for a token) <input name="user" autocomplete="username"></label></p>' +
      '<p><label>Token or password <input name="secret" type="password" required ' +
      'autocomplete="current-password"></label></p>' +
      '<p><button type="submit">Continue</button></p></form></main>',
  );
}

/** Leads on to the authorization server: a form may not be redirected to another site. */
export function goOnPage(gateway: string, url: string): string {
  const to = shown(url);
  return page(
    `<main><h1>Log in to ${shown(gateway)}</h1>` +
      `<p><a rel="noreferrer" href="${to}">Continue at ${shown(new URL(url).host)}</a></p></main>`,
    `<meta http-equiv="refresh" content="0;url=${to}">`,
  );
}
