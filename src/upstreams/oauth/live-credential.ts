import type { UpstreamCredential } from '../../kernel/catalog.js';
import type { GatewayError } from '../../kernel/errors.js';

type Headers = UpstreamCredential['headers'];

/** What became of a refusal: it can be sent again, a person has to log in, or it stands. */
export type Renewal = 'again' | 'login' | 'refused';

/**
 * The credential of a Gateway that is logged in to: connections hold it for as long as they live, and
 * send what it holds then. A new token replaces `headers`.
 */
export class LiveCredential implements UpstreamCredential {
  headers: Headers = {};
  readonly query = {};

  /** @param renew tries to do better after a 401 or 403; `used` are the headers that were refused */
  constructor(readonly renew: (refusal: GatewayError, used: Headers) => Promise<Renewal>) {}

  set(accessToken: string | null): void {
    this.headers = accessToken === null ? {} : { authorization: `Bearer ${accessToken}` };
  }
}
