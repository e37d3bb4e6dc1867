import type { GatewayAuthType } from '../kernel/catalog.js';
import { GatewayError } from '../kernel/errors.js';
import type { GatewayAuthInput } from './discovered.js';
import type { Faults } from './faults.js';
import type { AuthSecrets } from './gateway-secrets.service.js';
import { headerFault } from './header-rules.js';
import { KEPT } from './kept.js';
import { mergeOAuth, oauthFaults } from './oauth-settings.js';

export interface StoredAuth {
  readonly type: GatewayAuthType;
  readonly secrets: AuthSecrets;
}

const NONE: StoredAuth = { type: 'none', secrets: {} };
const VISIBLE = /^[\x20-\x7e]*$/;

/**
 * The auth fields after a request: what it sends, over what is stored.
 * @param isSameOrigin a secret belongs to the origin of the URL: at another one it must be sent again
 * @returns `null` when nothing changes
 * @throws GatewayError `secret_required`
 */
export function mergeAuth(
  input: GatewayAuthInput,
  stored: StoredAuth,
  isSameOrigin: boolean,
  faults: Faults,
): StoredAuth | null {
  const sent = sentKeys(input);
  if (!sent && input.authType === undefined) {
    if (stored.type !== 'none' && !isSameOrigin) throw secretRequired(stored.type);
    return null;
  }
  const type = input.authType === undefined ? (impliedType(input) ?? stored.type) : input.authType;
  if (type === null || type === 'none') return NONE;
  const old = stored.type === type ? stored.secrets : {};
  const keep = (value: string | null | undefined, before: string | undefined): string => {
    if (value !== undefined && value !== null && value !== KEPT) return value;
    if (before !== undefined && !isSameOrigin) throw secretRequired(type);
    return before ?? '';
  };
  const secrets = SECRETS[type](input, old, keep);
  faultsOf(type, secrets, faults);
  return { type, secrets };
}

type Keep = (value: string | null | undefined, before: string | undefined) => string;

const SECRETS: Readonly<
  Record<
    Exclude<GatewayAuthType, 'none'>,
    (input: GatewayAuthInput, old: AuthSecrets, keep: Keep) => AuthSecrets
  >
> = {
  basic: (input, old, keep) => ({
    username: input.authUsername ?? old.username ?? '',
    password: keep(input.authPassword, old.password),
  }),
  bearer: (input, old, keep) => ({ token: keep(input.authToken, old.token) }),
  authheaders: (input, old, keep) => {
    const before = new Map((old.headers ?? []).map(({ key, value }) => [key.toLowerCase(), value]));
    const single =
      typeof input.authHeaderKey === 'string'
        ? [{ key: input.authHeaderKey, value: input.authHeaderValue ?? KEPT }]
        : (old.headers ?? []).map(({ key }) => ({ key, value: KEPT }));
    return {
      headers: (input.authHeaders ?? single).map(({ key, value }) => ({
        key,
        value: keep(value, before.get(key.toLowerCase())),
      })),
    };
  },
  query_param: (input, old, keep) => ({
    queryKey: input.authQueryParamKey ?? old.queryKey ?? '',
    queryValue: keep(input.authQueryParamValue, old.queryValue),
  }),
  oauth: (input, old, keep) => ({ oauth: mergeOAuth(input.oauthConfig, old.oauth, keep) }),
};

function sentKeys(input: GatewayAuthInput): boolean {
  return impliedType(input) !== undefined;
}

/** The type that the sent fields belong to, where `authType` itself was left out. */
function impliedType(input: GatewayAuthInput): GatewayAuthType | undefined {
  if (input.authUsername !== undefined || input.authPassword !== undefined) return 'basic';
  if (input.authToken !== undefined) return 'bearer';
  if (input.authHeaders !== undefined || input.authHeaderKey !== undefined) return 'authheaders';
  if (input.authQueryParamKey !== undefined || input.authQueryParamValue !== undefined)
    return 'query_param';
  return input.oauthConfig === undefined || input.oauthConfig === null ? undefined : 'oauth';
}

const FIELD: Readonly<Record<GatewayAuthType, string>> = {
  none: 'authType',
  basic: 'authPassword',
  bearer: 'authToken',
  authheaders: 'authHeaders',
  query_param: 'authQueryParamValue',
  oauth: 'oauthConfig.clientSecret',
};

function secretRequired(type: GatewayAuthType): GatewayError {
  return new GatewayError('secret_required', { field: FIELD[type] });
}

function faultsOf(type: GatewayAuthType, secrets: AuthSecrets, faults: Faults): void {
  const required = (value: string | undefined, field: string): void => {
    if ((value ?? '') === '') faults.add(`/${field}`, `is required for authType ${type}`);
    else if ((value ?? '').length > 8192) faults.add(`/${field}`, 'is longer than 8192 characters');
  };
  switch (type) {
    case 'basic':
      required(secrets.username, 'authUsername');
      required(secrets.password, 'authPassword');
      faults.check(!(secrets.username ?? '').includes(':'), '/authUsername', 'must not hold ":"');
      return;
    case 'bearer':
      required(secrets.token, 'authToken');
      faults.check(VISIBLE.test(secrets.token ?? ''), '/authToken', 'must be visible ASCII');
      return;
    case 'query_param':
      required(secrets.queryKey, 'authQueryParamKey');
      required(secrets.queryValue, 'authQueryParamValue');
      return;
    case 'authheaders':
      headerFaults(secrets.headers ?? [], faults);
      return;
    case 'oauth':
      if (secrets.oauth !== undefined) oauthFaults(secrets.oauth, faults);
      return;
    case 'none':
      return;
  }
}

function headerFaults(headers: NonNullable<AuthSecrets['headers']>, faults: Faults): void {
  faults.check(headers.length > 0, '/authHeaders', 'is required for authType authheaders');
  faults.check(headers.length <= 50, '/authHeaders', 'must be at most 50');
  const seen = new Set<string>();
  headers.forEach(({ key, value }, i) => {
    const at = `/authHeaders/${String(i)}`;
    const fault = headerFault(key, value);
    if (fault) faults.add(at, fault);
    if (value === '') faults.add(at, 'the value is required');
    if (seen.has(key.toLowerCase())) faults.add(at, `${key} is there twice`);
    seen.add(key.toLowerCase());
  });
}
