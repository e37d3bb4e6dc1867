import {
  encodeHeaderValue,
  memberInName,
  paramHeaders,
  unknownParamHeaders,
} from '../../kernel/mirrored-headers.js';
import type { MirroredParam } from '../../kernel/mirrored-params.js';
import { scanJson } from '../../kernel/json-scan.js';
import type { UpstreamRequest } from '../../kernel/upstream.js';
import type { Lease } from '../../platform/http/safe-client.js';
import { LiveCredential } from '../oauth/live-credential.js';
import { loggedIn } from '../oauth/logged-in.js';
import { type Claimant, modernBody } from './claims.js';
import type { Greeting, UpstreamConnection } from './connection.js';
import { HttpLeg, type HttpLine } from './http-leg.js';
import type { HttpAddress } from './http-line.js';

const UNMARKED: readonly MirroredParam[] = [];

/** What a modern connection needs besides what it is opened with. */
export interface ModernParts {
  readonly lease: Lease;
  readonly address: HttpAddress;
  readonly maxResultBytes: number;
  dropped(reason: string): void;
  /** The arguments of a tool that its calls repeat in the head. */
  mirrored(tool: string): readonly MirroredParam[];
}

/**
 * Streamable HTTP towards modern upstreams: each POST stands alone (26 Streamable HTTP). There is no
 * session, so that opening costs nothing and one connection serves all clients.
 */
export class HttpModernConnection implements UpstreamConnection, HttpLine {
  readonly era = 'modern';
  readonly hasSession = false;
  readonly revision = null;
  readonly maxResultBytes: number;
  private lastId = 0;
  private open = true;

  constructor(
    private readonly parts: ModernParts,
    readonly greeting: Greeting,
    private readonly claimant: Claimant,
  ) {
    this.maxResultBytes = parts.maxResultBytes;
    parts.address.join(null, greeting.protocolVersion);
  }

  get isOpen(): boolean {
    return this.open;
  }

  request(request: UpstreamRequest): Promise<string> {
    const { credential } = this.parts.address;
    return credential instanceof LiveCredential
      ? loggedIn(credential, request.abort, () => this.send(request))
      : this.send(request);
  }

  private send(request: UpstreamRequest): Promise<string> {
    const id = ++this.lastId;
    return new Promise((resolve, reject) => {
      const leg = new HttpLeg(this, id, request, resolve, reject);
      leg.start(modernBody(id, request, this.claimant));
    });
  }

  dispatch(leg: HttpLeg, body: string | null): void {
    const { lease, address } = this.parts;
    try {
      lease.pool.dispatch(
        { path: address.path, method: 'POST', headers: this.headersOf(leg.request), body },
        leg,
      );
    } catch (e) {
      leg.onResponseError(null as never, e as Error);
    }
  }

  /** The head repeats the outgoing body: the upstream's own names, not the shown ones. */
  private headersOf(request: UpstreamRequest): string[] {
    const { method, target } = request;
    const headers = this.parts.address.postHeaders.concat('mcp-method', method);
    if (memberInName(method) !== undefined) headers.push('mcp-name', encodeHeaderValue(target));
    const known = method === 'tools/call' ? this.parts.mirrored(target) : UNMARKED;
    if (known.length > 0) headers.push(...paramHeaders(known, argumentsOf(request)));
    if (request.trace) headers.push(...request.trace);
    if (request.mirrored !== null) headers.push(...unknownParamHeaders(known, request.mirrored));
    return headers;
  }

  over(): void {
    // What precedes an answer comes on its own stream here.
  }

  cancel(): void {
    // Closing the response stream is the cancel (26 Cancellation); the leg does that itself.
  }

  respond(): void {
    // There is nothing to respond to: modern upstreams send no requests.
  }

  respondAtOnce(): void {
    // Nor here.
  }

  onRequest(): string {
    return '"error":{"code":-32600,"message":"Servers send no requests in this revision"}';
  }

  onAsks(): void {
    // Counted as dropped by the leg.
  }

  dropped(reason: string): void {
    this.parts.dropped(reason);
  }

  notify(): Promise<void> {
    // No notification of a client goes up over Streamable HTTP.
    return Promise.resolve();
  }

  listen(): void {
    // Only what was subscribed to is told, see UpwardListen.
  }

  close(): Promise<void> {
    if (this.open) this.parts.lease.end();
    this.open = false;
    return Promise.resolve();
  }
}

function argumentsOf(request: UpstreamRequest): unknown {
  const raw = scanJson(`{${request.params}}`, { maxDepth: 512 }).top.raw('arguments');
  return raw === undefined ? {} : JSON.parse(raw);
}
