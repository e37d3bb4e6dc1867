import { Injectable } from '@nestjs/common';
import type { Abort } from '../kernel/abort.js';
import type { Call } from '../kernel/call.js';
import type { Gateway } from '../kernel/catalog.js';
import { GatewayError } from '../kernel/errors.js';
import type { ToolId } from '../kernel/ids.js';
import type { Members } from '../kernel/json-members.js';
import { scanJson } from '../kernel/json-scan.js';
import type { LogLevel } from '../kernel/mcp.js';
import type { Stay, UpstreamObserver, UpstreamReply, UpstreamRequest } from '../kernel/upstream.js';
import { Config } from '../config/config.js';
import { Meters } from '../platform/metrics/meters.js';
import { type Invocation, Invoker } from '../upstreams/invoker.js';
import { joined } from '../upstreams/mcp/request-text.js';
import type { Places } from '../upstreams/places.js';
import type { ShownUris } from '../registry/shown-uris.js';
import { CallObserver } from './call-observer.js';
import { ClientRequests } from './client-requests.js';
import { Sessions } from './session/sessions.js';
import { type OutgoingTrace, outgoingTrace, TRACE_KEYS } from './trace-context.js';

/** What goes up for a call, beside what every call has. */
export interface Upward {
  readonly gateway: Gateway;
  readonly kind: Invocation['kind'];
  /** The exposed name. */
  readonly name: string;
  /** The upstream's own name, or the URI it knows; completion names none. */
  readonly target?: string;
  /** Where it is not the method of the call. */
  readonly method?: string;
  /** The tool as the upstream lists it. */
  readonly definition?: string;
  /** Inside of the params object, in the upstream's own words, without `_meta`. */
  readonly params: string;
  readonly toolId?: ToolId;
  readonly timeoutMs?: number | null;
  readonly isRetryable?: boolean;
  /** What URIs in the result are shown as; without it as they are. */
  readonly uris?: ShownUris | null;
  /** A task of 2025-11-25 that its client begins, or that is followed here in the client's place. */
  readonly task?: 'begin' | 'follow' | null;
  readonly stay?: Stay;
  /** Hears what the upstream answered first, as it came. */
  readonly replied?: ((reply: UpstreamReply) => void) | undefined;
}

/** Who hears a leg and who can end it, where that is not simply its call. */
export interface Watch extends UpstreamObserver {
  readonly abort: Abort;
  readonly places: Places | null;
}

/** Members of a client's `_meta` that end at the gateway (PROTOCOL.md §4.1). */
const OURS = [
  'progressToken',
  'io.modelcontextprotocol/protocolVersion',
  'io.modelcontextprotocol/clientCapabilities',
  'io.modelcontextprotocol/clientInfo',
  'io.modelcontextprotocol/logLevel',
  'io.modelcontextprotocol/subscriptionId',
  ...TRACE_KEYS,
] as const;
/** What the gateway says of itself is never taken from a client. */
const OWN_PREFIX = 'io.mcpgateway/';

/** Sends the legs of calls: one request to one upstream each. */
@Injectable()
export class Legs {
  constructor(
    private readonly invoker: Invoker,
    private readonly config: Config,
    private readonly sessions: Sessions,
    private readonly clientRequests: ClientRequests,
    private readonly meters: Meters,
  ) {}

  /** @param watch hears and ends the leg in place of the call itself */
  send(call: Call, up: Upward, watch: Watch | null = null): Promise<UpstreamReply> {
    return this.invoker.invoke({
      gateway: up.gateway,
      driver: 'mcp',
      name: up.name,
      kind: up.kind,
      toolId: up.toolId ?? null,
      isRetryable: up.isRetryable ?? false,
      places: watch === null ? null : watch.places,
      request: this.request(call, up, watch),
    });
  }

  /** Relays to the client of a call what precedes its answer; `null` when it takes no stream. */
  stream(call: Call): UpstreamObserver | null {
    if (!call.channel.canNotify) return null;
    return this.observer(call, metaOf(call)?.raw('progressToken'));
  }

  /** As `stream`, of what names tasks by the ids that the client has. */
  taskStream(call: Call): UpstreamObserver | null {
    if (!call.channel.canNotify) return null;
    const observer = this.observer(call, metaOf(call)?.raw('progressToken'));
    observer.namesTasks = true;
    return observer;
  }

  /** What a client calls the progress of its call, as written. */
  progressToken(call: Call): string | undefined {
    return metaOf(call)?.raw('progressToken');
  }

  private request(call: Call, up: Upward, watch: Watch | null): UpstreamRequest {
    const meta = metaOf(call);
    const token = meta?.raw('progressToken');
    const { canNotify } = call.channel;
    const trace = this.traceOf(call, meta);
    return {
      method: up.method ?? call.message.method,
      target: up.target ?? '',
      params: up.params,
      meta: metaUp(meta, trace),
      wantsProgress: canNotify && token !== undefined,
      mirrored: mirroredOf(call, up),
      trace: trace && trace.headers,
      caller: call.caller,
      client: call.client,
      logLevel: this.levelOf(call),
      observer: watch ?? (canNotify ? this.observer(call, token) : null),
      abort: watch?.abort ?? call.abort,
      silenceMs: this.silenceMs(up),
      totalMs: this.totalMs(up),
      stay: up.stay ?? null,
    };
  }

  private traceOf(call: Call, meta: Members | undefined): OutgoingTrace | null {
    if (call.trace === null && meta === undefined) return null;
    return outgoingTrace(meta, call.trace, {
      allowedBaggage: this.config.traceBaggageAllowed,
      maySample: call.caller.type !== 'anonymous',
    });
  }

  /** The absolute end of what goes up, in ms from sending. */
  totalMs({ gateway }: Upward): number {
    return gateway.maxDurationMs ?? this.config.toolMaxDurationMs;
  }

  private silenceMs({ timeoutMs, gateway }: Upward): number {
    return timeoutMs ?? gateway.timeoutMs ?? this.config.toolTimeoutMs;
  }

  /** What the client asked for; nothing is set above for those who never did. */
  private levelOf({ client }: Call): LogLevel | null {
    if (client.era === 'modern' || client.sessionId === null) return client.logLevel;
    return this.sessions.askedLevel(client.sessionId);
  }

  private observer(call: Call, token: string | undefined): CallObserver {
    return new CallObserver(call, token, this.sessions, this.clientRequests, this.meters);
  }
}

function metaUp(meta: Members | undefined, trace: OutgoingTrace | null): string {
  const foreign = meta === undefined ? '' : foreignMeta(meta);
  return trace === null ? foreign : joined(foreign, trace.meta);
}

function foreignMeta(meta: Members): string {
  const own = meta.names().filter((name) => name.startsWith(OWN_PREFIX));
  return meta.without(...OURS, ...own);
}

/** The headers are of the client's own request, not of one that is made in its place. */
function mirroredOf(call: Call, { method }: Upward): Call['mirrored'] {
  return method === undefined ? call.mirrored : null;
}

function metaOf(call: Call): Members | undefined {
  const raw = call.message.params?.raw('_meta');
  if (raw === undefined) return undefined;
  const scanned = scanJson(raw);
  if (scanned.kind !== 'object')
    throw new GatewayError('invalid_params', { reason: "'_meta' must be an object" });
  return scanned.top;
}
