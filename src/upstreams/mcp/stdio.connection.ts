import { Injectable } from '@nestjs/common';
import { GatewayError } from '../../kernel/errors.js';
import type { Abort } from '../../kernel/abort.js';
import { Config } from '../../config/config.js';
import { Log } from '../../platform/log/log.js';
import { Meters } from '../../platform/metrics/meters.js';
import type { ConnectionKind, OpenOptions, UpstreamConnection } from './connection.js';
import { probeEra, type Verdict } from './discover.js';
import { dropLog } from './drop-log.js';
import { lastLine } from './last-words.js';
import { probeRequest, UNGREETED } from './probe-request.js';
import { ProcessOutputs } from './process-outputs.service.js';
import { ProcessRoom } from './process-room.service.js';
import { describeExit, type ProcessHooks, StdioConnection } from './stdio-process.connection.js';
import { Supervisor } from './supervisor.js';

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
    private readonly config: Config,
    private readonly meters: Meters,
    private readonly log: Log,
    private readonly outputs: ProcessOutputs,
    private readonly room: ProcessRoom,
  ) {
    this.supervisor = new Supervisor({ restIntervalMs: config.healthCheckIntervalMs });
  }

  async open(options: OpenOptions): Promise<UpstreamConnection> {
    const { gateway } = options;
    const left = await this.enter(options, options.abort);
    const startedAt = performance.now();
    const connection = start(options, {
      stallMs: this.silenceMs(options),
      dropped: dropLog(gateway, this.log, this.meters),
      exited: (line) => {
        left();
        if (line !== null) this.outputs.stopped(gateway.id, line);
      },
      ended: (info, output) => {
        const lastWords = lastLine(output.stderr);
        const detail = [describeExit(info), ...(lastWords === null ? [] : [lastWords])].join(': ');
        this.supervisor.recordExit(gateway.id, performance.now() - startedAt, detail);
        this.outputs.keep(gateway.id, output);
        const event = 'upstream.process_ended';
        this.log.warn({ event, gateway: gateway.slug, ...info, lastWords });
      },
      wrote: (chunk) => {
        this.outputs.wrote(chunk);
      },
    });
    this.outputs.started(gateway.id, connection);
    if (options.modern) connection.greeted(options.modern);
    else await connection.initialize();
    return connection;
  }

  /**
   * On a process that is thrown away: some servers end, others are confused for good, by a request
   * that comes before `initialize` (PROTOCOL.md §7.1).
   */
  async probe(options: OpenOptions): Promise<Verdict> {
    // Others may wait for what it finds out: that the first of them has gone does not matter.
    const left = await this.enter(options);
    const connection = start(
      { ...options, modern: UNGREETED },
      {
        stallMs: this.silenceMs(options),
        dropped: () => undefined,
        exited: left,
        ended: () => undefined,
        wrote: (chunk) => {
          this.outputs.wrote(chunk);
        },
      },
    );
    const request = probeRequest(
      'server/discover',
      '',
      Math.min(SILENCE_MS, options.initTimeoutMs),
    );
    try {
      return await probeEra(() => connection.request(request), true);
    } finally {
      // Its end is waited for by nobody: what comes next runs on a process of its own.
      void connection.close();
    }
  }

  /** Waits for room as long as a call may be silent, or a check may take. @returns to be called when the process is gone */
  private async enter(options: OpenOptions, abort?: Abort): Promise<() => void> {
    const { gateway, givesWay = false } = options;
    this.supervisor.mayStart(gateway.id);
    const silenceMs = this.silenceMs(options);
    const waitMs = givesWay ? Math.min(silenceMs, this.config.healthCheckTimeoutMs) : silenceMs;
    const wish = { gateway, waitMs, givesWay, ...(abort === undefined ? {} : { abort }) };
    const left = await this.room.enter(wish);
    this.count(gateway.slug, 1);
    return () => {
      this.count(gateway.slug, -1);
      left();
    };
  }

  /** How long a call may be silent. */
  private silenceMs({ gateway }: OpenOptions): number {
    return gateway.timeoutMs ?? this.config.toolTimeoutMs;
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
    this.outputs.forget(id);
  }
}

function start(options: OpenOptions, hooks: ProcessHooks): StdioConnection {
  try {
    return new StdioConnection(options, hooks);
  } catch (e) {
    hooks.exited(null);
    const reason = 'its command could not be started';
    throw new GatewayError('upstream_unreachable', { reason }, { cause: e });
  }
}
