import {
  CAPABILITY,
  type CapabilitySet,
  capabilitiesText,
  fitExtensions,
  readCapabilities,
} from '../../kernel/client-capabilities.js';
import { takesTasks } from '../../kernel/core-tasks.js';
import type { ClientView } from '../../kernel/call.js';
import type { Caller } from '../../kernel/caller.js';
import type { Gateway, SessionMode } from '../../kernel/catalog.js';

export type Sharing = Exclude<SessionMode, 'auto'>;

/** Apps cross to every upstream: tools show their views only to hosts that say they have them. */
const APPS = 'io.modelcontextprotocol/ui';
/** Names and settings of the extensions that go up for one client, in bytes. */
const MAX_EXTENSIONS = 2048;

/**
 * Who shares a session with a Gateway (PROTOCOL.md §3.2). Modern upstreams keep none, so that only
 * the credential counts.
 * @param isStateless its `initialize` gave no session id: there is nothing that could be mixed up
 */
export function sharingOf(gateway: Gateway, isStateless: boolean): Sharing {
  // What was opened with the login of a person is that person's.
  const shared = gateway.loginPerUser ? 'per-principal' : 'shared';
  const { sessionMode } = gateway;
  if (sessionMode === 'per-request') return sessionMode;
  if (gateway.era === 'modern') return shared;
  if (sessionMode !== 'auto') return sessionMode === 'shared' ? shared : sessionMode;
  // Tasks belong to the session that began them (25 Tasks §Security), and are questions' usual home.
  const isOwn = gateway.asksClient || takesTasks(gateway);
  return isOwn && !isStateless ? 'per-session' : shared;
}

/**
 * The capabilities of a client, cut to what a Gateway can use, as JSON text: equal sets are equal.
 * @param isOwn whether what the client says of its roots reaches the Gateway (PROTOCOL.md §5.1)
 */
export function declaredTo(gateway: Gateway, capabilities: string, isOwn = false): string {
  const { bits: given, extensions } = readCapabilities(capabilities);
  const bits = isOwn ? given : given & ~CAPABILITY.rootsListChanged;
  const known = gateway.capabilities['extensions'];
  const isKnown = (name: string): boolean =>
    name === APPS || (typeof known === 'object' && known !== null && Object.hasOwn(known, name));
  const cut: CapabilitySet = { bits, extensions: extensions.filter(([name]) => isKnown(name)) };
  return capabilitiesText(fitExtensions(cut, MAX_EXTENSIONS).set);
}

/**
 * The key of a session among those with one Gateway. One of a client's own goes by that client alone.
 * @param declared what is declared above
 */
export function sessionKey(
  sharing: Sharing,
  caller: Caller,
  client: ClientView,
  declared: string,
): string {
  switch (sharing) {
    case 'shared':
    case 'per-request':
      return declared;
    case 'per-session':
      if (client.sessionId !== null) return client.sessionId;
      // Without a session the person is the narrowest there is; what tells two open calls of one
      // person apart is a lease (needsLease).
      return `${caller.principalHash} ${declared}`;
    case 'per-principal':
      return `${caller.principalHash} ${declared}`;
  }
}

/**
 * Whether a request must be alone on its session (PROTOCOL.md §3.2, *Attribution*): a pipe does not say
 * which request a question belongs to, and a modern client has no session to ask it on.
 */
export function needsLease(
  gateway: Gateway,
  sharing: Sharing,
  client: ClientView,
  declared: string,
): boolean {
  if (sharing === 'per-request') return true;
  return (
    sharing === 'per-session' &&
    client.era === 'modern' &&
    gateway.transport !== 'STREAMABLEHTTP' &&
    readCapabilities(declared).bits !== 0
  );
}

/** Whatever a key goes by, it never leads to what was opened with the login of somebody else. */
export function ofPerson(gateway: Gateway, caller: Caller, key: string): string {
  return gateway.loginPerUser ? `${caller.principalHash} ${key}` : key;
}

/**
 * The key of a session that no request is on, made from the one that would be shared.
 * @param sessions `null` when no lease is needed
 */
export function leased(
  key: string,
  sessions: ReadonlyMap<string, { readonly calls: number }> | null,
): string {
  let free = key;
  for (let n = 2; (sessions?.get(free)?.calls ?? 0) > 0; n++) free = `${key} ${String(n)}`;
  return free;
}
