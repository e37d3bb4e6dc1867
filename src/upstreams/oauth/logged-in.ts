import { Abort } from '../../kernel/abort.js';
import type { UpstreamCredential } from '../../kernel/catalog.js';
import { GatewayError } from '../../kernel/errors.js';
import { unlessAborted } from '../../kernel/unless-aborted.js';
import { answeredBadly, refusedByStatus } from '../mcp/upstream-fault.js';
import { LiveCredential } from './live-credential.js';

/**
 * Sends a request; refused for its credential, it is sent once more when that could be renewed: a 401
 * or 403 says that nothing has run. Aborted meanwhile it ends at once; the renewal goes on for others.
 * @throws what `send` throws · GatewayError `upstream_error` when a person has to log in,
 *   `login_needed` when it is who asks, `token_not_renewed`, `cancelled`
 */
export async function loggedIn<T>(
  credential: LiveCredential,
  abort: Abort,
  send: () => Promise<T>,
): Promise<T> {
  const used = credential.headers;
  try {
    if (credential.isMissing) throw refusedByStatus(401);
    return await send();
  } catch (e) {
    if (!isRefused(e)) throw e;
    const renewal = await unlessAborted(credential.renew(e, used), abort);
    if (renewal === 'refused') throw e;
    if (renewal === 'again') return send();
    if (credential.needed !== null) throw credential.needed(e);
    throw answeredBadly('The upstream asks for a login, see the gateway', {
      cause: e,
      status: statusOf(e),
    });
  }
}

/** Opens a connection; refused for its credential, it is opened once more with a renewed one. */
export function openedLoggedIn<T>(
  credential: UpstreamCredential,
  open: () => Promise<T>,
): Promise<T> {
  return credential instanceof LiveCredential ? loggedIn(credential, new Abort(), open) : open();
}

export function statusOf(error: GatewayError): number {
  return Number(error.extras.data?.['status'] ?? 0);
}

function isRefused(error: unknown): error is GatewayError {
  return error instanceof GatewayError && [401, 403].includes(statusOf(error));
}
