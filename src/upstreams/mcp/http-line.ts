import type { UpstreamCredential } from '../../kernel/catalog.js';
import { LiveCredential } from '../oauth/live-credential.js';

/** The address and headers of one Streamable HTTP upstream session. */
export class HttpAddress {
  readonly origin: URL;
  readonly path: string;
  private fixed: string[] = [];
  private sent: UpstreamCredential['headers'];
  private post: string[];
  private session: string | null = null;
  private agreed: string | null = null;

  /** @param credential one whose `headers` are replaced by others is sent anew from then on */
  constructor(
    url: string,
    readonly credential: UpstreamCredential,
  ) {
    this.origin = new URL(url);
    for (const [key, value] of Object.entries(credential.query))
      this.origin.searchParams.set(key, value);
    this.path = this.origin.pathname + this.origin.search;
    this.sent = credential.headers;
    this.post = this.build();
  }

  /** The login of its person has ended: nothing goes up without it. */
  get isLoggedOut(): boolean {
    const { credential } = this;
    return credential instanceof LiveCredential && credential.isMissing;
  }

  get sessionId(): string | null {
    return this.session;
  }

  /** The revision that was agreed on; `null` before. */
  get revision(): string | null {
    return this.agreed;
  }

  /** Every later request carries the session and the revision (25 Transports §Session Management). */
  join(session: string | null, revision: string): void {
    this.session = session;
    this.agreed = revision;
    this.post = this.build();
  }

  /** Headers of a POST; one array for all, which must not be changed. */
  get postHeaders(): string[] {
    if (this.credential.headers !== this.sent) this.post = this.build();
    return this.post;
  }

  /** As `postHeaders`, with those of a trace. */
  headersOf(trace: readonly string[] | null | undefined): string[] {
    return trace ? this.postHeaders.concat(trace) : this.postHeaders;
  }

  get headers(): string[] {
    this.post = this.build();
    return [...this.fixed, ...this.joined()];
  }

  getHeaders(lastEventId: string | null): string[] {
    this.post = this.build();
    const resume = lastEventId === null ? [] : ['last-event-id', lastEventId];
    return [...this.fixed, ...this.joined(), 'accept', 'text/event-stream', ...resume];
  }

  private build(): string[] {
    this.sent = this.credential.headers;
    this.fixed = ['accept-encoding', 'identity'];
    for (const [key, value] of Object.entries(this.sent)) this.fixed.push(key, value);
    return [
      'content-type',
      'application/json',
      'accept',
      'application/json, text/event-stream',
      ...this.fixed,
      ...this.joined(),
    ];
  }

  private joined(): string[] {
    return [
      ...(this.session === null ? [] : ['mcp-session-id', this.session]),
      ...(this.agreed === null ? [] : ['mcp-protocol-version', this.agreed]),
    ];
  }
}
