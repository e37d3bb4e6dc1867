import { Injectable } from '@nestjs/common';
import { GatewayError } from '../../kernel/errors.js';
import type { UpstreamRequest } from '../../kernel/upstream.js';
import { Config } from '../../config/config.js';
import { Log } from '../../platform/log/log.js';
import { Meters } from '../../platform/metrics/meters.js';
import { type Child, type ExitInfo, spawnChild } from '../../platform/process/child.js';
import type { ConnectionKind, Greeting, OpenOptions, UpstreamConnection } from './connection.js';
import { probeEra, type Verdict } from './discover.js';
import { dropLog } from './drop-log.js';
import { greet } from './greet.js';
import { PipeLegs } from './pipe-legs.js';
import { probeRequest, UNGREETED } from './probe-request.js';
import { Supervisor } from './supervisor.js';
import { wireOf } from './wire.js';

const MAX_LINE_BYTES = 10 * 1024 * 1024;
const STDERR_BYTES = 64 * 1024;
/** An upstream that says nothing for so long does not know the question. */
const SILENCE_MS = 5000;

/** MCP servers that are programs: one process per connection, a JSON-RPC message a line. */
@Injectable()
export class StdioConnections implements ConnectionKind {
  readonly transport = 'STDIO';
  private readonly supervisor: Supervisor;
  /** Processes by slug. */
  private readonly running = new Map<string, number>();

  constructor(
    config: Config,
    private readonly meters: Meters,
    private readonly log: Log,
  ) {
    this.supervisor = new Supervisor({ restIntervalMs: config.healthCheckIntervalMs });
  }

  async open(options: OpenOptions): Promise<UpstreamConnection> {
    const { gateway } = options;
    this.supervisor.mayStart(gateway.id);
    const startedAt = performance.now();
    this.count(gateway.slug, 1);
    const connection = start(options, {
      dropped: dropLog(gateway, this.log, this.meters),
      exited: () => {
        this.count(gateway.slug, -1);
      },
      ended: (info) => {
        this.supervisor.recordExit(gateway.id, performance.now() - startedAt);
        this.log.warn({ event: 'upstream.process_ended', gateway: gateway.slug, ...info });
      },
    });
    if (options.modern) connection.greeted(options.modern);
    else await connection.initialize();
    return connection;
  }

  /**
   * On a process that is thrown away: some servers end, others are confused for good, by a request
   * that comes before `initialize` (PROTOCOL.md §7.1).
   */
  async probe(options: OpenOptions): Promise<Verdict> {
    const { gateway, initTimeoutMs } = options;
    this.supervisor.mayStart(gateway.id);
    this.count(gateway.slug, 1);
    const connection = start(
      { ...options, modern: UNGREETED },
      {
        dropped: () => undefined,
        exited: () => {
          this.count(gateway.slug, -1);
        },
        ended: () => undefined,
      },
    );
    const request = probeRequest('server/discover', '', Math.min(SILENCE_MS, initTimeoutMs));
    try {
      return await probeEra(() => connection.request(request), true);
    } finally {
      // Its end is waited for by nobody: what comes next runs on a process of its own.
      void connection.close();
    }
  }

  private count(slug: string, delta: number): void {
    const count = (this.running.get(slug) ?? 0) + delta;
    if (count > 0) this.running.set(slug, count);
    else this.running.delete(slug);
    this.meters.stdioProcesses(slug, count);
  }

  /** The Gateway was changed: its next process may start at once. */
  forget(id: OpenOptions['gateway']['id']): void {
    this.supervisor.forget(id);
  }
}

interface Hooks {
  dropped(reason: string): void;
  /** The process is gone, for whatever reason. */
  exited(): void;
  /** It ended by itself. */
  ended(info: ExitInfo): void;
}

function start(options: OpenOptions, hooks: Hooks): StdioConnection {
  try {
    return new StdioConnection(options, hooks);
  } catch (e) {
    hooks.exited();
    const reason = 'its command could not be started';
    throw new GatewayError('upstream_unreachable', { reason }, { cause: e });
  }
}

class StdioConnection implements UpstreamConnection {
  private readonly legs: PipeLegs;
  private readonly child: Child;
  private hello: Greeting | null = null;
  private closing = false;
  /** Why the process ended, once it has. */
  private gone: string | null = null;
  private readonly exit: Promise<void>;
  private tellExit!: () => void;

  constructor(
    private readonly options: OpenOptions,
    private readonly hooks: Hooks,
  ) {
    this.exit = new Promise((resolve) => {
      this.tellExit = resolve;
    });
    const pipe = {
      send: (text: string, begin: () => boolean) => this.send(text, begin),
      dropped: (reason: string) => {
        hooks.dropped(reason);
      },
      hold: (isHeld: boolean) => {
        this.child.hold(isHeld);
      },
    };
    this.legs = new PipeLegs(options, pipe, wireOf(options));
    this.child = this.start();
  }

  get greeting(): Greeting {
    return this.hello as Greeting;
  }

  get isOpen(): boolean {
    return this.hello !== null && !this.closing && this.gone === null;
  }

  /** A modern upstream is known already: it needs no more words. */
  greeted(greeting: Greeting): void {
    if (this.gone === null) this.hello = greeting;
  }

  /** @throws GatewayError; the process is ended then */
  async initialize(): Promise<void> {
    try {
      this.hello = await greet(this.legs, this.options, this.options.initTimeoutMs);
    } catch (e) {
      void this.close();
      // Nobody's call has gone up yet, so nothing is unknown.
      if (this.gone === null) throw e;
      throw new GatewayError('upstream_unreachable', { reason: this.gone }, { cause: e });
    }
  }

  request(request: UpstreamRequest): Promise<string> {
    return this.legs.request(request);
  }

  notify(method: string, params: string): void {
    void this.legs.notify(method, params);
  }

  listen(): void {
    // Whatever it says comes through the one pipe anyway.
  }

  async close(): Promise<void> {
    this.closing = true;
    this.legs.close('the gateway closed the connection');
    await this.child.stop();
  }

  /** A pipe that breaks belongs to a process that is ending: how it ended says more than EPIPE. */
  private async send(text: string, begin: () => boolean): Promise<void> {
    try {
      await this.child.write(text, begin);
    } catch (e) {
      await this.exit;
      throw e;
    }
  }

  private start(): Child {
    const { gateway, env } = this.options;
    return spawnChild({
      command: gateway.command ?? '',
      args: gateway.args,
      env,
      cwd: gateway.cwd,
      maxLineBytes: MAX_LINE_BYTES,
      stderrBytes: STDERR_BYTES,
      onLine: (line) => {
        this.legs.receive(line);
      },
      onNoise: (fault) => {
        if (fault === 'overflow') this.legs.tooLong(MAX_LINE_BYTES);
        else this.hooks.dropped('not_utf8');
      },
      onExit: (info) => {
        this.ended(info);
      },
    });
  }

  private ended(info: ExitInfo): void {
    this.tellExit();
    this.hooks.exited();
    if (this.closing) return;
    const reason = describeExit(info);
    this.gone = reason;
    this.hooks.ended(info);
    this.legs.close(reason);
    if (this.hello !== null) this.options.onClosed(reason);
  }
}

function describeExit(info: ExitInfo): string {
  if (info.startFault !== null) return `its command could not be started (${info.startFault})`;
  if (info.signal !== null) return `its process was ended by ${info.signal}`;
  return `its process exited with code ${String(info.code)}`;
}
