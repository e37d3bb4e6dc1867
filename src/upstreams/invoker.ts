import { Injectable } from '@nestjs/common';
import type { Gateway } from '../kernel/catalog.js';
import { type ErrorCode, GatewayError } from '../kernel/errors.js';
import { UpstreamRpcError } from '../kernel/jsonrpc.js';
import type { GatewayId } from '../kernel/ids.js';
import type { UpstreamReply, UpstreamRequest } from '../kernel/upstream.js';
import { Config } from '../config/config.js';
import { Meters } from '../platform/metrics/meters.js';
import { CircuitBreaker } from './circuit-breaker.js';
import { DriverRegistry } from './driver.registry.js';

/** What a call wants of an upstream, beside the request itself. */
export interface Invocation {
  readonly gateway: Gateway;
  readonly driver: string;
  readonly request: UpstreamRequest;
  /** The exposed name, for messages. */
  readonly name: string;
  readonly kind: 'Tool' | 'Prompt' | 'Resource';
  /** The owner says that repeating is harmless. */
  readonly isRetryable: boolean;
}

interface Line {
  readonly breaker: CircuitBreaker;
  inFlight: number;
}

const MAX_RESET_MS = 300_000;
/** Retries may be a fifth of all calls (RELIABILITY.md §2.3). */
const RETRY_SHARE = 0.2;
const MAX_SAVED_RETRIES = 20;
const BREAKS: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'upstream_error',
  'upstream_unreachable',
  'upstream_timeout',
]);

/** The one way up: caps, circuit breaker, driver, and retries of what provably did not run. */
@Injectable()
export class Invoker {
  private readonly lines = new Map<GatewayId, Line>();
  private inFlight = 0;
  private retries = MAX_SAVED_RETRIES;

  constructor(
    private readonly drivers: DriverRegistry,
    private readonly config: Config,
    private readonly meters: Meters,
  ) {}

  /**
   * @throws UpstreamRpcError · GatewayError `overloaded`, `upstream_unavailable` and those of Driver
   */
  invoke(invocation: Invocation): Promise<UpstreamReply> {
    const { gateway } = invocation;
    const line = this.lines.get(gateway.id) ?? this.newLine(gateway);
    if (this.inFlight >= this.config.maxInFlightCalls) throw overloaded('Too many calls in flight');
    if (gateway.maxConcurrency > 0 && line.inFlight >= gateway.maxConcurrency)
      throw overloaded(`Too many calls in flight on gateway ${gateway.slug}`);
    const staysAwayMs = line.breaker.refusesForMs();
    if (staysAwayMs > 0) throw unavailable(invocation, staysAwayMs);
    return this.run(invocation, line);
  }

  /** A good health probe closes the circuit at once. */
  closeCircuit(id: GatewayId): void {
    this.lines.get(id)?.breaker.succeeded();
  }

  /** Forgets a Gateway that is gone. */
  forget(id: GatewayId): void {
    this.lines.delete(id);
  }

  private async run(invocation: Invocation, line: Line): Promise<UpstreamReply> {
    this.inFlight++;
    line.inFlight++;
    if (this.retries < MAX_SAVED_RETRIES) this.retries += RETRY_SHARE;
    const driver = this.drivers.get(invocation.driver);
    try {
      for (let attempt = 0; ; attempt++) {
        try {
          const reply = await driver.request(invocation.gateway, invocation.request);
          line.breaker.succeeded();
          return reply;
        } catch (e) {
          judge(line.breaker, e);
          if (!this.mayRepeat(invocation, e, attempt)) throw e;
          this.meters.upstreamRetry(invocation.gateway.slug);
          await this.pause(attempt, invocation.request);
        }
      }
    } finally {
      this.inFlight--;
      line.inFlight--;
    }
  }

  /** Only what did not run is sent again, or what the owner allows (PROTOCOL.md §4.6). */
  private mayRepeat(invocation: Invocation, error: unknown, attempt: number): boolean {
    if (!(error instanceof GatewayError) || invocation.request.abort.aborted) return false;
    const harmless =
      error.code === 'upstream_unreachable' ||
      (invocation.isRetryable && error.code === 'upstream_error');
    if (!harmless || attempt >= this.config.maxToolRetries || this.retries < 1) return false;
    if ((this.lines.get(invocation.gateway.id)?.breaker.refusesForMs() ?? 0) > 0) return false;
    this.retries--;
    return true;
  }

  private pause(attempt: number, request: UpstreamRequest): Promise<void> {
    const { retryBaseDelayMs, retryMaxDelayMs } = this.config;
    const ms =
      Math.min(retryBaseDelayMs * 2 ** attempt, retryMaxDelayMs) * (0.5 + Math.random() / 2);
    return new Promise((resolve, reject) => {
      const timer = setTimeout(resolve, ms);
      request.abort.onAbort(() => {
        clearTimeout(timer);
        reject(new GatewayError('cancelled'));
      });
    });
  }

  private newLine(gateway: Gateway): Line {
    const line: Line = {
      inFlight: 0,
      breaker: new CircuitBreaker({
        threshold: this.config.circuitBreakerThreshold,
        resetMs: this.config.circuitBreakerResetTimeoutMs,
        maxResetMs: MAX_RESET_MS,
        now: () => performance.now(),
        onState: (state) => {
          this.meters.circuitState(gateway.slug, state);
        },
      }),
    };
    this.lines.set(gateway.id, line);
    return line;
  }
}

function judge(breaker: CircuitBreaker, error: unknown): void {
  if (error instanceof UpstreamRpcError) breaker.succeeded();
  else if (error instanceof GatewayError && BREAKS.has(error.code)) breaker.failed();
  else breaker.undecided();
}

function overloaded(what: string): GatewayError {
  return new GatewayError('overloaded', { what }, { retryAfterSeconds: 1 });
}

function unavailable(invocation: Invocation, staysAwayMs: number): GatewayError {
  return new GatewayError(
    'upstream_unavailable',
    { kind: invocation.kind, name: invocation.name },
    { retryAfterSeconds: Math.max(1, Math.ceil(staysAwayMs / 1000)) },
  );
}
