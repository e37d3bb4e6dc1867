import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Caller } from '../../kernel/caller.js';
import type { CallId } from '../../kernel/ids.js';
import type { Accepts } from './accept.js';
import type { Head } from './head.js';
import type { DataRoute } from './route.js';

/** One HTTP request of the data plane and what the edge found out about it. */
export interface Exchange {
  readonly req: IncomingMessage;
  readonly res: ServerResponse;
  readonly head: Head;
  readonly route: DataRoute;
  readonly callId: CallId;
  /** Of the client, as far as proxies are trusted. */
  readonly ip: string;
  /** Response headers of this exchange alone, flat. */
  readonly headers: readonly string[];
}

/** An exchange whose body has been read. */
export interface Posted extends Exchange {
  readonly caller: Caller;
  readonly accepts: Accepts;
  readonly text: string;
  readonly bytes: number;
}
