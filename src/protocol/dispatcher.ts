import { Injectable } from '@nestjs/common';
import type { Call, Outcome } from '../kernel/call.js';
import { type ErrorCode, GatewayError, knownError } from '../kernel/errors.js';
import type { Era } from '../kernel/mcp.js';
import { UpstreamRpcError, errorObject, errorText, resultText } from '../kernel/jsonrpc.js';
import { RELAYED, scanJson } from '../kernel/json-scan.js';
import { errorHeaders } from '../kernel/problem.js';
import { Log } from '../platform/log/log.js';
import { Trails } from '../audit/trail.js';
import type { Decision } from '../limits/limiter.js';
import { rateLimitHeaders } from '../limits/refusal.js';
import { raiseError } from './era/raise.js';
import { InFlight, SHUTTING_DOWN } from './in-flight.js';
import { type Method, MethodTable } from './methods/method-table.js';
import type { Handled } from './methods/registry.js';
import { VendorMethods } from './methods/vendor.methods.js';
import { PolicyChain } from './chain.js';
import { traceIdOf } from './trace-context.js';

/** The answer to one request: a whole JSON-RPC message, and what HTTP adds to it. */
export interface Reply {
  readonly text: string;
  readonly status: number;
  readonly headers: Readonly<Record<string, string>> | null;
  /** What the gateway itself says is wrong; `null` for answers of upstreams, errors among them. */
  readonly failure: GatewayError | null;
}

/** Errors of valid requests that keep their HTTP status; all others go in band with 200 (API.md §3.4). */
const WITH_STATUS: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'rate_limited',
  'forbidden',
  'overloaded',
  'draining',
  'session_not_found',
]);

/** Those of modern requests besides (PROTOCOL.md §2.2). */
const MODERN_STATUS_OF: ReadonlyMap<ErrorCode, number> = new Map<ErrorCode, number>([
  ['method_not_found', 404],
  ['header_mismatch', 400],
  ['missing_client_capability', 400],
  ['unsupported_protocol_version', 400],
  ['not_acceptable', 406],
  ['too_many_streams', 429],
]);
/** JSON-RPC codes of upstreams that are no answers but refusals (26 Overview §Error Codes). */
const MODERN_STATUS: ReadonlySet<number> = new Set([-32020, -32021, -32022]);

/** Opens the Trail, asks the policy, runs the handler, closes the Trail: the way of every call. */
@Injectable()
export class Dispatcher {
  constructor(
    private readonly methods: MethodTable,
    private readonly vendor: VendorMethods,
    private readonly chain: PolicyChain,
    private readonly inFlight: InFlight,
    private readonly trails: Trails,
    private readonly log: Log,
  ) {}

  /** @returns the answer, or `null` when the call was cancelled and nobody waits for one */
  async dispatch(call: Call): Promise<Reply | null> {
    const trail = this.trails.open({
      id: call.id,
      method: call.message.method,
      transport: call.channel.transport,
      caller: call.caller,
      ip: call.ip,
      client: call.client,
    });
    trail.requestBytes = call.bytes;
    let outcome: Outcome = 'error';
    let size = 0;
    let entered: Method | null = null;
    let slot: Decision | null = null;
    try {
      const method = this.methodOf(call);
      slot = this.chain.pass(call, method);
      const waiting = this.inFlight.enter(call, method.isStanding);
      if (waiting !== undefined) await waiting;
      entered = method;
      const handled = method.handler(call, trail);
      const done = typeof handled === 'string' || 'result' in handled ? handled : await handled;
      const result = typeof done === 'string' ? done : done.result;
      size = result.length;
      outcome = isToolError(call, result) ? 'error' : 'success';
      return {
        text: resultText(call.message.id as string, result),
        status: 200,
        headers: headersOf(slot, done),
        failure: null,
      };
    } catch (e) {
      outcome = outcomeOf(e);
      if (slot !== null) this.chain.refused(call, slot, e);
      if (call.abort.reason === SHUTTING_DOWN)
        return this.failed(call, new GatewayError('draining', {}, { retryAfterSeconds: 1 }));
      if (outcome === 'cancelled' && call.channel.transport !== 'rpc') return null;
      return this.failed(call, e);
    } finally {
      if (entered !== null) this.inFlight.leave(call, entered.isStanding);
      trail.close(outcome, size);
    }
  }

  /** @throws GatewayError `method_not_found` */
  private methodOf(call: Call): Method {
    const { client, channel, message } = call;
    return (
      this.methods.find(message.method, client.era, channel.transport) ?? this.vendor.methodOf(call)
    );
  }

  private failed(call: Call, error: unknown): Reply {
    const id = call.message.id;
    const { era } = call.client;
    if (error instanceof UpstreamRpcError) {
      if (era === 'legacy')
        return { text: errorText(id, error.error), status: 200, headers: null, failure: null };
      const raised = raiseError(error, call.message.params?.string('uri') ?? '');
      const status = MODERN_STATUS.has(raised.code) ? 400 : 200;
      return { text: errorText(id, raised.error), status, headers: null, failure: null };
    }
    const known = knownError(error, call.id);
    if (known.code === 'internal_error')
      this.log.error({
        event: 'call.failed',
        requestId: call.id,
        traceId: traceIdOf(call),
        err: known.cause,
      });
    const isRpc = call.channel.transport === 'rpc';
    return {
      text: errorText(id, errorObject(known, call.id, isRpc, era)),
      status: statusOf(known, era),
      headers: errorHeaders(known),
      failure: known,
    };
  }
}

function headersOf(slot: Decision | null, done: string | Handled): Reply['headers'] {
  const limit = slot === null ? null : rateLimitHeaders(slot);
  return typeof done === 'string' ? limit : { ...limit, ...done.headers };
}

function statusOf({ code, row }: GatewayError, era: Era): number {
  if (WITH_STATUS.has(code)) return row.status;
  return (era === 'modern' ? MODERN_STATUS_OF.get(code) : undefined) ?? 200;
}

function outcomeOf(error: unknown): Outcome {
  if (!(error instanceof GatewayError)) return 'error';
  switch (error.code) {
    case 'rate_limited':
      return 'rate_limited';
    case 'forbidden':
      return 'denied';
    case 'upstream_timeout':
      return 'timeout';
    case 'cancelled':
      return 'cancelled';
    default:
      return 'error';
  }
}

/** A tool that fails is an answer, and still a failure to those who count. */
function isToolError(call: Call, result: string): boolean {
  // Nearly no result has the word, so nearly none is scanned.
  if (call.message.method !== 'tools/call' || !result.includes('"isError"')) return false;
  return scanJson(result, RELAYED).top.raw('isError') === 'true';
}
