import { Injectable } from '@nestjs/common';
import type { Gateway } from '../kernel/catalog.js';
import { GatewayError } from '../kernel/errors.js';
import { Gate } from '../kernel/gate.js';
import type { GatewayId, ToolId } from '../kernel/ids.js';
import type { UpstreamReply, UpstreamRequest } from '../kernel/upstream.js';
import { Config } from '../config/config.js';
import { Meters } from '../platform/metrics/meters.js';
import { CircuitBreaker, type CircuitState } from './circuit-breaker.js';
import { DriverRegistry } from './driver.registry.js';
import type { Places } from './places.js';
import { judge } from './reach.js';
import { Retries, pause } from './retries.js';
import { ToolGates } from './tool-gates.js';

/** What a call wants of an upstream, beside the request itself. */
export interface Invocation {
  readonly gateway: Gateway;
  readonly driver: string;
  readonly request: UpstreamRequest;
  /** The exposed name, for messages. */
  readonly name: string;
  readonly kind: 'Tool' | 'Prompt' | 'Resource' | 'Task' | 'Method';
  /** The tool that is called; `null` for what is no tool. */
  readonly toolId: ToolId | null;
  /** The owner says that repeating is harmless. */
  readonly isRetryable: boolean;
  /** Where the call can step aside while it waits for its client; `null` = it never does. */
  readonly places: Places | null;
}

/** The circuit of a Gateway, as it is shown. */
export interface Circuit {
  readonly state: CircuitState;
  /** How long calls stay away from now on, in ms; 0 = not at all. */
  readonly staysAwayMs: number;
}

/** What is kept of a Gateway that calls go to. */
interface Line {
  readonly breaker: CircuitBreaker;
  readonly gate: Gate;
}

const MAX_RESET_MS = 300_000;
const CLOSED: Circuit = { state: 0, staysAwayMs: 0 };

/** The one way up: caps, circuit breaker, driver, and retries of what provably did not run. */
@Injectable()
export class Invoker {
  private readonly lines = new Map<GatewayId, Line>();
  private readonly all: Gate;
  private readonly tools: ToolGates;
  private readonly noTool = new Gate(0, 0);
  private readonly retries: Retries;

  constructor(
    private readonly drivers: DriverRegistry,
    private readonly config: Config,
    private readonly meters: Meters,
  ) {
    this.all = new Gate(config.maxInFlightCalls);
    this.tools = new ToolGates(config.toolConcurrentLimit);
    this.retries = new Retries(config);
  }

  /**
   * @throws UpstreamRpcError · GatewayError `overloaded`, `upstream_unavailable` and those of Driver
   */
  invoke(invocation: Invocation): Promise<UpstreamReply> {
    const { gateway, toolId } = invocation;
    const line = this.lines.get(gateway.id) ?? this.newLine(gateway);
    requireClosed(invocation, line);
    const tool = toolId === null ? this.noTool : this.tools.of(toolId);
    if (!tool.hasRoom || !line.gate.hasRoom || !this.all.hasRoom)
      return this.wait(invocation, line, tool);
    tool.pass();
    line.gate.pass();
    this.all.pass();
    return this.run(invocation, line, tool);
  }

  circuit(id: GatewayId): Circuit {
    const breaker = this.lines.get(id)?.breaker;
    if (breaker === undefined) return CLOSED;
    return { state: breaker.state, staysAwayMs: breaker.refusesForMs() };
  }

  /** A good health probe closes the circuit at once. */
  closeCircuit(id: GatewayId): void {
    this.lines.get(id)?.breaker.succeeded();
  }

  /** Forgets a Gateway that is gone. */
  forget(id: GatewayId): void {
    this.lines.delete(id);
  }

  /** Waits for room, from the narrowest gate to the widest, no longer than the call may be silent. */
  private async wait(invocation: Invocation, line: Line, tool: Gate): Promise<UpstreamReply> {
    const { abort, silenceMs } = invocation.request;
    const until = performance.now() + silenceMs;
    const gates: [Gate, string][] = [
      [tool, ` of tool ${invocation.name}`],
      [line.gate, ` on gateway ${invocation.gateway.slug}`],
      [this.all, ''],
    ];
    const held: Gate[] = [];
    try {
      for (const [gate, of] of gates) {
        if (!(await gate.enter(Math.max(1, until - performance.now()), abort)))
          throw abort.aborted ? new GatewayError('cancelled') : overloaded(of);
        held.push(gate);
      }
      requireClosed(invocation, line);
    } catch (e) {
      for (const gate of held) gate.leave();
      throw e;
    }
    return this.run(invocation, line, tool);
  }

  private async run(invocation: Invocation, line: Line, tool: Gate): Promise<UpstreamReply> {
    const startedAt = performance.now();
    const { breaker } = line;
    let { request } = invocation;
    const { places } = invocation;
    if (places !== null) places.took([tool, line.gate, this.all]);
    this.retries.earn();
    try {
      for (let attempts = 1; ; attempts++) {
        const isProbe = breaker.begin();
        try {
          const reply = await this.drivers
            .get(invocation.driver)
            .request(invocation.gateway, request);
          breaker.succeeded();
          return reply;
        } catch (e) {
          judge(breaker, e, isProbe);
          request = await this.again(invocation, e, { attempts, startedAt });
          // Others may have opened the circuit meanwhile.
          if (breaker.refusesForMs() > 0) throw e;
        }
      }
    } finally {
      if (places !== null) places.end();
      else {
        tool.leave();
        line.gate.leave();
        this.all.leave();
      }
    }
  }

  /** The request to send once more, when it is time. @throws the error, when it is not to be */
  private async again(
    invocation: Invocation,
    error: unknown,
    { attempts, startedAt }: { readonly attempts: number; readonly startedAt: number },
  ): Promise<UpstreamRequest> {
    const { request, gateway, isRetryable } = invocation;
    const left = (): number => request.totalMs - (performance.now() - startedAt);
    const { silenceMs } = request;
    const isOpen = (this.lines.get(gateway.id)?.breaker.refusesForMs() ?? 0) > 0;
    if (isOpen || request.abort.aborted) throw error;
    const rules = { attempts, isRetryable, silenceMs, leftMs: left() };
    const pauseMs = this.retries.pauseMs(error, rules);
    if (pauseMs === null) throw error;
    this.meters.upstreamRetry(gateway.slug);
    await pause(pauseMs, request.abort);
    return { ...request, totalMs: Math.max(1, left()) };
  }

  private newLine(gateway: Gateway): Line {
    const line: Line = {
      gate: new Gate(gateway.maxConcurrency),
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

function requireClosed({ kind, name }: Invocation, { breaker }: Line): void {
  const staysAwayMs = breaker.refusesForMs();
  if (staysAwayMs === 0) return;
  throw new GatewayError(
    'upstream_unavailable',
    { kind, name },
    { retryAfterSeconds: Math.max(1, Math.ceil(staysAwayMs / 1000)) },
  );
}

function overloaded(of: string): GatewayError {
  return new GatewayError(
    'overloaded',
    { what: `Too many calls in flight${of}` },
    { retryAfterSeconds: 1 },
  );
}
