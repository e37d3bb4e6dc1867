import { GatewayError } from '../../kernel/errors.js';
import type { UpstreamRequest } from '../../kernel/upstream.js';
import { type Child, type ExitInfo, spawnChild } from '../../platform/process/child.js';
import type { Greeting, OpenOptions, UpstreamConnection } from './connection.js';
import { greet } from './greet.js';
import { lastLine } from './last-words.js';
import { PipeLegs } from './pipe-legs.js';
import type { ProcessOutput } from './process-outputs.service.js';
import { wireOf } from './wire.js';
import { withoutSecrets } from './without-secrets.js';

const MAX_LINE_BYTES = 10 * 1024 * 1024;
const STDERR_BYTES = 64 * 1024;

export interface ProcessHooks {
  /** Longest time that it may take nothing of what waits for it. */
  readonly stallMs: number;
  dropped(reason: string): void;
  /** The process is gone, for whatever reason. @param line `null` when it never was */
  exited(line: StdioConnection | null): void;
  /** It ended by itself. */
  ended(info: ExitInfo, output: ProcessOutput): void;
  /** What it writes to stderr, as it comes. */
  wrote?(chunk: Buffer): void;
}

/** One process, spoken to over its stdin and stdout. */
export class StdioConnection implements UpstreamConnection {
  private readonly startedAt = new Date().toISOString();
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
    private readonly hooks: ProcessHooks,
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
      stallMs: hooks.stallMs,
      stuck: (reason: string) => {
        this.stuck(reason);
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

  get isAsking(): boolean {
    return this.legs.isAsking;
  }

  /** What it wrote so far, without the secrets it was given. */
  get output(): ProcessOutput {
    const { pid } = this.child;
    const stderr = withoutSecrets(this.child.stderr(), Object.values(this.options.env));
    const endedAt = this.child.exited ? new Date().toISOString() : null;
    return { pid, startedAt: this.startedAt, endedAt, stderr };
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
      const detail = lastLine(this.output.stderr);
      throw new GatewayError(
        'upstream_unreachable',
        { reason: this.gone },
        { cause: e, ...(detail === null ? {} : { wayUp: { detail } }) },
      );
    }
  }

  request(request: UpstreamRequest): Promise<string> {
    return this.legs.request(request);
  }

  notify(method: string, params: string): Promise<void> {
    return this.legs.notify(method, params);
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
      onStderr: (chunk) => this.hooks.wrote?.(chunk),
      onExit: (info) => {
        this.ended(info);
      },
    });
  }

  /** It is of no use any more, and ended for it; its exit counts like one of its own accord. */
  private stuck(reason: string): void {
    this.lost(reason);
    void this.child.stop();
  }

  private ended(info: ExitInfo): void {
    this.tellExit();
    this.hooks.exited(this);
    if (this.closing) return;
    this.hooks.ended(info, this.output);
    this.lost(describeExit(info));
  }

  private lost(reason: string): void {
    if (this.gone !== null) return;
    this.gone = reason;
    this.legs.close(reason);
    if (this.hello !== null) this.options.onClosed(reason);
  }
}

export function describeExit(info: ExitInfo): string {
  if (info.startFault !== null) return `its command could not be started (${info.startFault})`;
  if (info.signal !== null) return `its process was ended by ${info.signal}`;
  return `its process exited with code ${String(info.code)}`;
}
