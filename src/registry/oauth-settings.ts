import type { Json, JsonObject } from '../kernel/catalog.js';
import { GatewayError } from '../kernel/errors.js';
import type { Faults } from './faults.js';
import type { OAuthSettings } from './gateway-secrets.service.js';
import { KEPT } from './kept.js';
import type { View } from './views/common-view.js';

type Keep = (value: string | null | undefined, before: string | undefined) => string;

const DEFAULT: OAuthSettings = { grantType: 'authorization_code', scopes: [] };
const TEXTS = ['clientId', 'tokenUrl', 'audience'] as const;

/** `oauthConfig` after a request: replaced whole, but for a secret that is kept like every other. */
export function mergeOAuth(
  input: JsonObject | null | undefined,
  old: OAuthSettings | undefined,
  keep: Keep,
): OAuthSettings {
  if (input === null || input === undefined) {
    keep(KEPT, old?.clientSecret);
    return old ?? DEFAULT;
  }
  const { grantType = DEFAULT.grantType, scopes = DEFAULT.scopes, clientSecret } = input;
  const texts = TEXTS.map((name) => [name, textOf(input[name])] as const);
  if (clientSecret === KEPT) requireSameEnd(input, old);
  const secret = keep(textOf(clientSecret) ?? '', old?.clientSecret);
  return {
    grantType: grantType as OAuthSettings['grantType'],
    scopes: scopes as readonly string[],
    ...Object.fromEntries(texts.filter(([, value]) => value !== undefined)),
    ...(secret === '' ? {} : { clientSecret: secret }),
    ...perUserIn(input),
  };
}

/** Anything but a boolean is found by `oauthFaults`. */
function perUserIn({ perUser = false }: JsonObject): Pick<OAuthSettings, 'perUser'> {
  return perUser === false || perUser === null ? {} : { perUser: perUser as true };
}

/** A secret goes to the token endpoint: where that or the client is another, it is asked for again. */
function requireSameEnd(input: JsonObject, old: OAuthSettings | undefined): void {
  if (old?.clientSecret === undefined) return;
  const isSame =
    textOf(input['clientId']) === old.clientId &&
    originOf(textOf(input['tokenUrl'])) === originOf(old.tokenUrl);
  if (!isSame) throw new GatewayError('secret_required', { field: 'oauthConfig.clientSecret' });
}

function textOf(value: Json | undefined): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

/** RFC 6749 §3.3 */
const SCOPE = /^[\x21\x23-\x5b\x5d-\x7e]{1,256}$/;

export function oauthFaults(oauth: OAuthSettings, faults: Faults): void {
  const { grantType, scopes, tokenUrl, clientId, clientSecret } = oauth;
  const at = (field: string): string => `/oauthConfig/${field}`;
  const grants = ['client_credentials', 'authorization_code'];
  faults.check(grants.includes(grantType), at('grantType'), `must be one of: ${grants.join(', ')}`);
  const areScopes =
    Array.isArray(scopes) && scopes.length <= 64 && scopes.every((s) => SCOPE.test(String(s)));
  faults.check(areScopes, at('scopes'), 'must be at most 64 scopes without spaces');
  const isHttp = tokenUrl === undefined || /^https?:$/.test(protocolOf(tokenUrl));
  faults.check(isHttp, at('tokenUrl'), 'must be an absolute URL with http or https');
  const { perUser = true } = oauth as { perUser?: unknown };
  faults.check(perUser === true, at('perUser'), 'must be true or false');
  if (grantType !== 'client_credentials') return;
  faults.check(oauth.perUser === undefined, at('perUser'), 'takes grantType authorization_code');
  faults.check(clientId !== undefined, at('clientId'), `is required for ${grantType}`);
  faults.check(clientSecret !== undefined, at('clientSecret'), `is required for ${grantType}`);
}

function originOf(url: string | undefined): string | undefined {
  return url !== undefined && URL.canParse(url) ? new URL(url).origin : url;
}

function protocolOf(url: string): string {
  return URL.canParse(url) ? new URL(url).protocol : '';
}

/** As it is shown: without the secret. */
export function oauthView(oauth: OAuthSettings): View {
  return {
    grantType: oauth.grantType,
    clientId: oauth.clientId ?? null,
    clientSecret: oauth.clientSecret === undefined ? null : KEPT,
    tokenUrl: oauth.tokenUrl ?? null,
    scopes: oauth.scopes,
    audience: oauth.audience ?? null,
    perUser: oauth.perUser === true,
  };
}
