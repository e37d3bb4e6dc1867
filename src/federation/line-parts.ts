import type { Gateway, UpstreamCredential } from '../kernel/catalog.js';
import type { Dialer } from '../upstreams/mcp/dialer.js';
import type { SyncLine } from './sync-line.js';

/** What a line tells of its upstream. */
export interface LineEvents {
  opened(line: SyncLine): void;
  /** The upstream ended it, or it broke. */
  closed(line: SyncLine, reason: string): void;
  listChanged(line: SyncLine, method: string): void;
  /** @param params the inside of the params without `uri` */
  resourceUpdated(line: SyncLine, uri: string, params: string): void;
  /** @param params the inside of the params without `taskId` */
  taskTold(line: SyncLine, taskId: string, params: string): void;
  /** A modern upstream answers as if it were none. */
  doubts(line: SyncLine): void;
  /** Once per line: the upstream has sent a request of its own. */
  asks(line: SyncLine): void;
  /** It is open again after a rest. */
  woken(line: SyncLine): void;
  /** Nothing runs on it any more. */
  idle(line: SyncLine): void;
}

export interface LineParts {
  readonly dialer: Pick<Dialer, 'open'>;
  readonly secrets: (gateway: Gateway) => {
    credential: UpstreamCredential;
    env: Readonly<Record<string, string>>;
  };
  readonly events: LineEvents;
  /** This gateway, to be told from its upstreams; absent where no lists are read. */
  readonly own?: { readonly id: string };
  /** Longest control-plane request, in ms. */
  readonly requestTimeoutMs: number;
}
