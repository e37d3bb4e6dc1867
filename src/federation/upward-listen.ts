import { RELAYED, findMembers } from '../kernel/json-scan.js';
import { Abort } from '../kernel/abort.js';
import { GatewayError } from '../kernel/errors.js';
import { UpstreamRpcError } from '../kernel/jsonrpc.js';
import { RPC_CODE, CLAIM } from '../kernel/mcp.js';
import type { UpstreamObserver } from '../kernel/upstream.js';
import type { UpstreamConnection } from '../upstreams/mcp/connection.js';
import { probeRequest } from '../upstreams/mcp/probe-request.js';

/** Who hears what an upstream tells. */
export interface ListenHooks {
  /** @param params the inside of its params */
  notice(method: string, params: string): void;
  /** It listens again after a break: what was told meanwhile is lost. */
  again(): void;
}

interface Stream {
  readonly abort: Abort;
  /** The resources it was opened for. */
  readonly uris: ReadonlySet<string>;
  /** Those it will tell of. */
  granted: ReadonlySet<string>;
}

/** The longest that a timer holds: a subscription has no end of its own. */
const FOR_EVER_MS = 2 ** 31 - 1;
const FIRST_PAUSE_MS = 1000;
const MAX_PAUSE_MS = 60_000;
const ACKNOWLEDGED = 'notifications/subscriptions/acknowledged';

/**
 * The one `subscriptions/listen` of a Gateway (PROTOCOL.md §6.4): the three list kinds always, and the
 * resources that somebody watches. To change what is heard the new one is opened first, so that
 * nothing is missed in between.
 */
export class UpwardListen {
  private readonly wanted = new Set<string>();
  private current: Stream | null = null;
  private changing: Promise<void> = Promise.resolve();
  private timer: NodeJS.Timeout | null = null;
  private failures = 0;
  private isClosed = false;
  /** The upstream knows no subscriptions: asking again would not help. */
  private isAbsent = false;

  constructor(
    private readonly connection: Pick<UpstreamConnection, 'request'>,
    private readonly hooks: ListenHooks,
    private readonly acknowledgeMs: number,
  ) {}

  /** Listens from now on, over all breaks. */
  start(): void {
    this.renew().catch(() => undefined);
  }

  /** @throws UpstreamRpcError · GatewayError; `upstream_error` when it tells nothing of this resource */
  async watch(uri: string, isWanted: boolean): Promise<void> {
    if (isWanted) this.wanted.add(uri);
    else this.wanted.delete(uri);
    await this.renew();
    if (!isWanted || this.current?.granted.has(uri) === true) return;
    this.wanted.delete(uri);
    throw new GatewayError('upstream_error', {
      reason: 'Upstream does not tell of changes of this resource',
    });
  }

  close(): void {
    this.isClosed = true;
    if (this.timer !== null) clearTimeout(this.timer);
    this.current?.abort.abort('closed');
    this.current = null;
  }

  /** One change at a time; those that are no longer needed by their turn cost nothing. */
  private renew(): Promise<void> {
    this.changing = this.changing.catch(() => undefined).then(() => this.replace());
    return this.changing;
  }

  private async replace(): Promise<void> {
    if (this.isClosed || this.isAbsent) return;
    const old = this.current;
    if (old !== null && sameMembers(old.uris, this.wanted)) return;
    try {
      const fresh = await this.open(new Set(this.wanted));
      old?.abort.abort('replaced');
      if (this.closedMeanwhile(fresh)) return;
      this.current = fresh;
      if (this.failures > 0) this.hooks.again();
      this.failures = 0;
    } catch (e) {
      this.isAbsent = e instanceof UpstreamRpcError && e.code === RPC_CODE.methodNotFound;
      if (old === null) this.retry();
      throw e;
    }
  }

  private closedMeanwhile(fresh: Stream): boolean {
    if (this.isClosed) fresh.abort.abort('closed');
    return this.isClosed;
  }

  /** Settles when the upstream has acknowledged it: from then on it tells. */
  private open(uris: ReadonlySet<string>): Promise<Stream> {
    const stream: Stream = { abort: new Abort(), uris, granted: new Set() };
    return new Promise((resolve, reject) => {
      const late = setTimeout(() => {
        stream.abort.abort('not acknowledged');
      }, this.acknowledgeMs);
      const observer = this.observer((params) => {
        clearTimeout(late);
        stream.granted = grantedIn(params);
        resolve(stream);
      });
      const request = probeRequest('subscriptions/listen', filterOf(uris), FOR_EVER_MS);
      this.connection
        .request({ ...request, observer, abort: stream.abort })
        .then(() => {
          const reason = 'the subscription ended at once';
          throw new GatewayError('upstream_error', { reason });
        })
        .catch(reject)
        .finally(() => {
          clearTimeout(late);
          this.ended(stream);
        });
    });
  }

  private observer(acknowledged: (params: string) => void): UpstreamObserver {
    return {
      logLevel: null,
      progress: () => undefined,
      notification: (method, params) => {
        if (method === ACKNOWLEDGED) acknowledged(params);
        else this.hooks.notice(method, withoutTag(params));
      },
      ask: (_method, _params, answer) => {
        answer('"error":{"code":-32600,"message":"Nobody can answer on a subscription"}');
        return () => undefined;
      },
      end: () => undefined,
    };
  }

  /** Only the one in use is missed; those that were replaced have ended as they should. */
  private ended(stream: Stream): void {
    if (this.current !== stream) return;
    this.current = null;
    this.retry();
  }

  private retry(): void {
    this.failures++;
    if (this.isClosed || this.isAbsent || this.timer !== null) return;
    const pause = Math.min(MAX_PAUSE_MS, FIRST_PAUSE_MS * 2 ** (this.failures - 1));
    this.timer = setTimeout(() => {
      this.timer = null;
      this.start();
    }, pause);
    this.timer.unref();
  }
}

function filterOf(uris: ReadonlySet<string>): string {
  const resourceSubscriptions = [...uris];
  const notifications = {
    toolsListChanged: true,
    promptsListChanged: true,
    resourcesListChanged: true,
    ...(resourceSubscriptions.length === 0 ? {} : { resourceSubscriptions }),
  };
  return `"notifications":${JSON.stringify(notifications)}`;
}

function grantedIn(params: string): ReadonlySet<string> {
  const filter = findMembers(`{${params}}`, RELAYED)?.raw('notifications');
  const list: unknown = JSON.parse(
    findMembers(filter, RELAYED)?.raw('resourceSubscriptions') ?? '[]',
  );
  return new Set(Array.isArray(list) ? list.filter((uri) => typeof uri === 'string') : []);
}

/** The tag names a subscription of ours: it ends here (PROTOCOL.md §0). */
function withoutTag(params: string): string {
  const members = findMembers(`{${params}}`, RELAYED);
  const meta = findMembers(members?.raw('_meta'), RELAYED)?.without(CLAIM.subscriptionId);
  if (members === undefined || meta === undefined) return params;
  const rest = members.without('_meta');
  if (meta === '') return rest;
  return `${rest === '' ? '' : `${rest},`}"_meta":{${meta}}`;
}

function sameMembers(a: ReadonlySet<string>, b: ReadonlySet<string>): boolean {
  return a.size === b.size && [...a].every((uri) => b.has(uri));
}
