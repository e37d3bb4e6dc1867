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
  private isSet = false;

  /**
   * @param renew tries to do better after a 401 or 403; `used` are the headers that were refused
   * @param needed makes the error that says that a person has to log in; where it is one's own login,
   *   nothing is sent without it
   */
  constructor(
    readonly renew: (refusal: GatewayError, used: Headers) => Promise<Renewal>,
    readonly needed: ((cause: unknown) => GatewayError) | null = null,
  ) {}

  get isMissing(): boolean {
    return this.needed !== null && !this.isSet;
  }

  set(accessToken: string | null): void {
    this.isSet = accessToken !== null;
    this.headers = accessToken === null ? {} : { authorization: `Bearer ${accessToken}` };
  }
}
