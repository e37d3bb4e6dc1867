import { Injectable } from '@nestjs/common';
import type { Call } from '../../kernel/call.js';
import type { Gateway } from '../../kernel/catalog.js';
import { GatewayError } from '../../kernel/errors.js';
import type { ToolId } from '../../kernel/ids.js';
import { scanJson } from '../../kernel/json-scan.js';
import { Config } from '../../config/config.js';
import { Meters } from '../../platform/metrics/meters.js';
import { effectiveMode } from '../../upstreams/mcp/connection.pool.js';
import { Invoker } from '../../upstreams/invoker.js';
import { CallObserver } from '../call-observer.js';
import { ClientRequests } from '../client-requests.js';
import { HeldSessions } from '../session/held.js';
import { Sessions } from '../session/sessions.js';

/** What goes up for a call, beside what every call has. */
export interface Upward {
  readonly gateway: Gateway;
  readonly kind: 'Tool' | 'Prompt' | 'Resource';
  /** The exposed name. */
  readonly name: string;
  /** Inside of the params object, in the upstream's own words, without `_meta`. */
  readonly params: string;
  readonly toolId?: ToolId;
  readonly timeoutMs?: number | null;
  readonly isRetryable?: boolean;
}

/** Members of a client's `_meta` that end at the gateway (PROTOCOL.md §4.1). */
const OURS = [
  'progressToken',
  'io.modelcontextprotocol/protocolVersion',
  'io.modelcontextprotocol/clientCapabilities',
  'io.modelcontextprotocol/clientInfo',
  'io.modelcontextprotocol/logLevel',
  'io.modelcontextprotocol/subscriptionId',
  'io.mcpgateway/via',
  'io.mcpgateway/origin',
  'io.mcpgateway/missing',
] as const;

/** Sends calls to the upstream that serves them, with the way back for what it says meanwhile. */
@Injectable()
export class UpwardCalls {
  constructor(
    private readonly invoker: Invoker,
    private readonly config: Config,
    private readonly sessions: Sessions,
    private readonly clientRequests: ClientRequests,
    private readonly meters: Meters,
    private readonly held: HeldSessions,
  ) {}

  /** @returns the upstream's `result`, with what crossing an era edits and nothing else */
  async send(call: Call, up: Upward): Promise<string> {
    const { gateway } = up;
    this.hold(call, gateway);
    const meta = metaOf(call.message.params?.raw('_meta'));
    const token = meta?.raw('progressToken');
    const observer = call.channel.canNotify
      ? new CallObserver(call, token, this.sessions, this.clientRequests, this.meters)
      : null;
    const reply = await this.invoker.invoke({
      gateway,
      driver: 'mcp',
      name: up.name,
      kind: up.kind,
      toolId: up.toolId ?? null,
      isRetryable: up.isRetryable ?? false,
      request: {
        method: call.message.method,
        params: up.params,
        meta: meta?.without(...OURS) ?? '',
        wantsProgress: observer !== null && token !== undefined,
        caller: call.caller,
        client: call.client,
        observer,
        abort: call.abort,
        silenceMs: up.timeoutMs ?? gateway.timeoutMs ?? this.config.toolTimeoutMs,
        totalMs: gateway.maxDurationMs ?? this.config.toolMaxDurationMs,
      },
    });
    return reply.result;
  }

  /** An upstream session of its own is held for a session, and freed with it. */
  private hold(call: Call, gateway: Gateway): void {
    const { sessionId } = call.client;
    if (sessionId !== null && effectiveMode(gateway) === 'per-session') this.held.hold(sessionId);
  }
}

function metaOf(raw: string | undefined): ReturnType<typeof scanJson>['top'] | undefined {
  if (raw === undefined) return undefined;
  const scanned = scanJson(raw);
  if (scanned.kind !== 'object')
    throw new GatewayError('invalid_params', { reason: "'_meta' must be an object" });
  return scanned.top;
}
