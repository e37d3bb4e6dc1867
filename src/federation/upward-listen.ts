import { RELAYED, findMembers } from '../kernel/json-scan.js';
import { Abort } from '../kernel/abort.js';
import type { ClientView } from '../kernel/call.js';
import { GatewayError } from '../kernel/errors.js';
import { TASKS } from '../kernel/extensions.js';
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

/** What can be watched: resources by their URI, tasks of the extension by their id. */
export type Watchable = 'resource' | 'task';

interface Stream {
  readonly abort: Abort;
  /** The resources and tasks it was opened for. */
  readonly subjects: ReadonlySet<string>;
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
 * resources and tasks that somebody watches. To change what is heard the new one is opened first, so that
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

  /** @throws UpstreamRpcError · GatewayError; `upstream_error` when it tells nothing of this one */
  async watch(name: string, isWanted: boolean, kind: Watchable = 'resource'): Promise<void> {
    const subject = `${kind} ${name}`;
    if (isWanted) this.wanted.add(subject);
    else this.wanted.delete(subject);
    await this.renew().catch((e: unknown) => {
      // A task may be gone by now, and must not keep the rest from being heard.
      if (kind === 'task') this.wanted.delete(subject);
      throw e;
    });
    if (!isWanted || this.current?.granted.has(subject) === true) return;
    this.wanted.delete(subject);
    throw new GatewayError('upstream_error', {
      reason: `Upstream does not tell of changes of this ${kind}`,
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
    if (old !== null && sameMembers(old.subjects, this.wanted)) return;
    try {
      const fresh = await this.open(new Set(this.wanted));
      old?.abort.abort('replaced');
      if (this.closedMeanwhile(fresh)) return;
      this.current = fresh;
      if (this.failures > 0) this.hooks.again();
      this.failures = 0;
    } catch (e) {
      this.isAbsent = e instanceof UpstreamRpcError && e.code === RPC_CODE.methodNotFound;
      if (old === null) {
        if (e instanceof UpstreamRpcError) this.forgetTasks();
        this.retry();
      }
      throw e;
    }
  }

  /** An upstream may refuse to tell of one that has ended. */
  private forgetTasks(): void {
    for (const subject of this.wanted) if (subject.startsWith('task ')) this.wanted.delete(subject);
  }

  private closedMeanwhile(fresh: Stream): boolean {
    if (this.isClosed) fresh.abort.abort('closed');
    return this.isClosed;
  }

  /** Settles when the upstream has acknowledged it: from then on it tells. */
  private open(subjects: ReadonlySet<string>): Promise<Stream> {
    const stream: Stream = { abort: new Abort(), subjects, granted: new Set() };
    return new Promise((resolve, reject) => {
      const late = setTimeout(() => {
        stream.abort.abort('not acknowledged');
      }, this.acknowledgeMs);
      const observer = this.observer((params) => {
        clearTimeout(late);
        stream.granted = grantedIn(params);
        resolve(stream);
      });
      const request = probeRequest('subscriptions/listen', filterOf(subjects), FOR_EVER_MS);
      const client = { ...request.client, capabilities: followingTasks(request.client) };
      this.connection
        .request({ ...request, client, observer, abort: stream.abort })
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

/** Upstreams tell of tasks only to clients that have them; whoever has none is not told of this. */
function followingTasks({ capabilities }: ClientView): string {
  const given = JSON.parse(capabilities) as object;
  return JSON.stringify({ ...given, extensions: { [TASKS]: {} } });
}

function filterOf(subjects: ReadonlySet<string>): string {
  const notifications = {
    toolsListChanged: true,
    promptsListChanged: true,
    resourcesListChanged: true,
    ...namesOf(subjects, 'resource', 'resourceSubscriptions'),
    ...namesOf(subjects, 'task', 'taskIds'),
  };
  return `"notifications":${JSON.stringify(notifications)}`;
}

function namesOf(subjects: ReadonlySet<string>, kind: Watchable, member: string): object {
  const own = [...subjects].filter((subject) => subject.startsWith(`${kind} `));
  return own.length === 0 ? {} : { [member]: own.map((s) => s.slice(kind.length + 1)) };
}

function grantedIn(params: string): ReadonlySet<string> {
  const filter = findMembers(findMembers(`{${params}}`, RELAYED)?.raw('notifications'), RELAYED);
  const listed = (kind: Watchable, member: string): string[] => {
    const list: unknown = JSON.parse(filter?.raw(member) ?? '[]');
    if (!Array.isArray(list)) return [];
    return list.filter((name) => typeof name === 'string').map((name) => `${kind} ${name}`);
  };
  return new Set([...listed('resource', 'resourceSubscriptions'), ...listed('task', 'taskIds')]);
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
