import type {
  OAuthDiscoveryState,
  StoredOAuthClientInformation,
  StoredOAuthTokens,
} from '@modelcontextprotocol/client';

/** What is kept of the logins of one Gateway, sealed in its record. */
export interface LoginRecord {
  /** The address that all of this belongs to: a token goes nowhere else. */
  readonly url: string;
  /** What each authorization server knows us as, by issuer. */
  readonly clients: Readonly<Record<string, StoredOAuthClientInformation>>;
  /** The server that the configured client belongs to: the one it was first used at. */
  readonly bound: { readonly clientId: string; readonly issuer: string } | null;
  /** Where browsers were sent back to last. */
  readonly redirectUrl: string | null;
  readonly tokens: StoredOAuthTokens | null;
  /** When the token was got, ms since 1970. */
  readonly tokensAt: number;
  /** All scopes asked for so far: asking for the same again leads nowhere. */
  readonly scope: string | null;
  /** What the upstream asked for last. */
  readonly challenge: Challenge;
}

/** `WWW-Authenticate: Bearer …`, what of it counts (RFC 6750 §3, RFC 9728 §5.1). */
export interface Challenge {
  readonly scope?: string;
  readonly resourceMetadataUrl?: string;
  readonly error?: string;
}

/** A login that was begun, until its answer comes back. */
export interface BegunLogin {
  readonly gatewayId: string;
  /** What was logged in to: the Gateway may be pointed elsewhere before the answer comes. */
  readonly url: string;
  readonly verifier: string;
  readonly discovery: OAuthDiscoveryState;
  readonly scope: string | null;
  readonly redirectUrl: string;
  /** SHA-256 of what the browser that began it holds, base64url. */
  readonly browserHash: string;
  readonly principalHash: string;
  /** The person whose login it is to be; `null` = the gateway's own. */
  readonly holder: string | null;
}

export function blankRecord(url: string): LoginRecord {
  return {
    ...{ url, clients: {}, bound: null, redirectUrl: null },
    ...{ tokens: null, tokensAt: 0, scope: null, challenge: {} },
  };
}

/** What was stored for this address, or nothing: another address is another upstream. */
export function recordFrom(stored: unknown, url: string): LoginRecord {
  const record = stored as LoginRecord | null;
  return record?.url === url ? record : blankRecord(url);
}

/** Tokens are renewed so long before they end. */
const MARGIN_MS = 30_000;

/** Whether the token is good by its own word; one that says nothing is. */
export function isFresh({ tokens, tokensAt }: LoginRecord, now: number): boolean {
  if (tokens === null) return false;
  const seconds = tokens.expires_in;
  return seconds === undefined || tokensAt + seconds * 1000 - MARGIN_MS > now;
}

/** What a renewal has changed, beside what a login that was begun meanwhile has. */
export function besides(now: LoginRecord, before: LoginRecord, after: LoginRecord): LoginRecord {
  if (now === before) return after;
  const { clients, redirectUrl, challenge } = now;
  return { ...after, clients: { ...after.clients, ...clients }, redirectUrl, challenge };
}

/** The login of a person, begun as the client that authorization servers know for the Gateway. */
export function registeredAs(person: LoginRecord, gateway: LoginRecord): LoginRecord {
  const { bound, redirectUrl } = gateway;
  return {
    ...{ ...person, bound, redirectUrl },
    clients: { ...person.clients, ...gateway.clients },
    challenge: { ...gateway.challenge, ...person.challenge },
  };
}
