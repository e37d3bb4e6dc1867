import { performance } from 'node:perf_hooks';
import { Injectable } from '@nestjs/common';
import type { Outcome, TransportKind } from '../kernel/call.js';
import type { Caller } from '../kernel/caller.js';
import { Meters } from '../platform/metrics/meters.js';
import { CallLog } from './call-log.js';
import { ItemTally } from './item-tally.service.js';
import { methodLabel } from './method-label.js';

/** What is known of a call before anything was decided about it. */
export interface OpenedCall {
  readonly id: string;
  readonly method: string;
  readonly transport: TransportKind;
  readonly caller: Caller;
  readonly ip: string;
  /** `null` while no session says who the client is. */
  readonly client: { readonly clientInfo: string | null } | null;
}

/** What the call turned out to be for; set once it is resolved. */
export interface TrailTarget {
  readonly kind: 'tool' | 'resource' | 'prompt' | 'method';
  readonly id: string;
  readonly gatewayId: string;
  /** Exposed name of the tool or prompt, URI of the resource, or a method that only the upstream knows. */
  readonly tool: string;
  /** Name of the Gateway. */
  readonly gateway: string;
  readonly gatewaySlug: string;
  readonly server: string | null;
  /** What the upstream calls it. */
  readonly upstreamName: string;
}

/** Methods that are kept in the call log; the others are only counted. */
const LOGGED = new Set(['tools/call', 'prompts/get', 'resources/read']);
/** Labels come from the catalog only: what reached no tool has none of its own. */
const NO_TARGET = '__other__';

/** What will be kept of one call: opened before any guard, closed in `finally`. */
export class Trail {
  target: TrailTarget | undefined = undefined;
  requestBytes = 0;
  private readonly startedMs = performance.now();
  private readonly atMs = Date.now();
  private isOpen = true;

  constructor(
    private readonly call: OpenedCall,
    private readonly meters: Meters,
    private readonly calls: CallLog,
    private readonly tally: ItemTally,
  ) {}

  /** Counts and logs the call; only the first time. */
  close(outcome: Outcome, resultBytes: number): void {
    if (!this.isOpen) return;
    this.isOpen = false;
    const { method, transport } = this.call;
    const durationMs = performance.now() - this.startedMs;
    this.meters.mcpRequest(methodLabel(method), transport, outcome, durationMs / 1_000);
    if (!LOGGED.has(method) && this.target?.kind !== 'method') return;
    if (method === 'tools/call') {
      const { tool, gatewaySlug } = this.target ?? { tool: NO_TARGET, gatewaySlug: NO_TARGET };
      this.meters.toolCall(tool, gatewaySlug, outcome, durationMs / 1_000);
    }
    if (this.target !== undefined && outcome !== 'denied' && outcome !== 'rate_limited')
      this.count(this.target, outcome !== 'success', durationMs / 1_000);
    this.record(outcome, resultBytes, durationMs);
  }

  private count(target: TrailTarget, isFailure: boolean, seconds: number): void {
    if (target.kind !== 'method') this.tally.count(target.kind, target.id, isFailure, seconds);
    this.tally.count('gateway', target.gatewayId, isFailure, seconds);
    if (target.server !== null) this.tally.count('server', target.server, isFailure, seconds);
  }

  private record(outcome: Outcome, resultBytes: number, durationMs: number): void {
    const { id, caller, client, ip, method } = this.call;
    this.calls.record({
      callId: id,
      atMs: this.atMs,
      principal: caller.principal,
      clientInfo: client?.clientInfo ?? null,
      serverId: this.target?.server ?? null,
      gateway: this.target?.gateway ?? null,
      tool: this.target?.tool ?? null,
      method,
      outcome,
      durationMs,
      requestBytes: this.requestBytes,
      resultBytes,
      ip,
    });
  }
}

/** Opens Trails. */
@Injectable()
export class Trails {
  constructor(
    private readonly meters: Meters,
    private readonly calls: CallLog,
    private readonly tally: ItemTally,
  ) {}

  open(call: OpenedCall): Trail {
    return new Trail(call, this.meters, this.calls, this.tally);
  }
}
