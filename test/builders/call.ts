import { Abort } from '../../src/kernel/abort.js';
import type { Call, ClientView } from '../../src/kernel/call.js';
import type { Caller } from '../../src/kernel/caller.js';
import type { CallId, ServerId } from '../../src/kernel/ids.js';
import { parseMessage } from '../../src/kernel/jsonrpc.js';
import { aCaller } from './caller.js';

/** A Call and what its channel was given before the answer. */
export interface MadeCall extends Call {
  readonly sent: string[];
}

let counter = 0;

/** One request of a client; `sent` collects what precedes its answer. */
export function aCall(
  method: string,
  params: Readonly<Record<string, unknown>> = {},
  more: {
    client?: Partial<ClientView>;
    caller?: Caller;
    serverId?: string | null;
    channel?: Partial<Call['channel']>;
  } = {},
): MadeCall {
  const id = ++counter;
  const text = JSON.stringify({ jsonrpc: '2.0', id, method, params });
  const sent: string[] = [];
  return {
    id: `c${String(id)}` as CallId,
    message: parseMessage(text),
    caller: more.caller ?? aCaller(),
    client: {
      era: 'legacy',
      revision: '2025-11-25',
      sessionId: 'session-1',
      capabilities: '{}',
      clientInfo: null,
      logLevel: null,
      ...more.client,
    },
    serverId: (more.serverId ?? null) as ServerId | null,
    mirrored: null,
    trace: null,
    channel: {
      transport: 'http',
      canNotify: true,
      canAsk: true,
      send: (message) => sent.push(message) > 0,
      ...more.channel,
    },
    abort: new Abort(),
    ip: '127.0.0.1',
    bytes: text.length,
    sent,
  };
}

/** As aCall, from a client of 2026-07-28 that declares these capabilities. */
export function aModernCall(
  method: string,
  params: Readonly<Record<string, unknown>> = {},
  capabilities: unknown = {},
  more: Parameters<typeof aCall>[2] = {},
): MadeCall {
  return aCall(method, params, {
    ...more,
    client: {
      era: 'modern',
      revision: '2026-07-28',
      sessionId: null,
      capabilities: JSON.stringify(capabilities),
      ...more.client,
    },
  });
}
