import { spawn, type ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import { ROOT } from './gateway-process.cjs';
import type { RpcMessage } from './http-client.js';
import { eventually } from './wait.js';

const WRAPPER = join(ROOT, 'dist/cli/wrapper.js');

/** `mcpgateway-wrapper`, or another program, as a process of its own, spoken to like an editor does. */
export class StdioClient {
  /** Every line of stdout, each parsed: anything that is no JSON fails the test. */
  readonly messages: RpcMessage[] = [];
  readonly raw: string[] = [];
  stderr = '';
  readonly startedAt = performance.now();
  /** Exit code, or the signal that ended it. */
  readonly exited: Promise<number | string | null>;
  /** Answers requests of the server. */
  respond: (request: RpcMessage) => Partial<RpcMessage> | null = () => null;
  private readonly child: ChildProcess;
  private readonly broken: string[] = [];
  private lastId = 0;

  constructor(args: readonly string[], env: Record<string, string> = {}, program = WRAPPER) {
    this.child = spawn(process.execPath, [program, ...args], {
      env: { PATH: process.env['PATH'], ...env },
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    this.child.stderr?.setEncoding('utf8').on('data', (text: string) => (this.stderr += text));
    // It may end before it has read everything.
    this.child.stdin?.on('error', () => undefined);
    let rest = '';
    this.child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      const lines = (rest + text).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) this.hear(line);
    });
    this.exited = new Promise((resolve) => {
      this.child.once('close', (code, signal) => {
        if (rest !== '') this.broken.push(rest);
        resolve(code ?? signal);
      });
    });
  }

  write(bytes: string | Buffer): void {
    this.child.stdin?.write(bytes);
  }

  send(message: Partial<RpcMessage>): void {
    this.write(`${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`);
  }

  notify(method: string, params?: unknown): void {
    this.send({ method, ...(params === undefined ? {} : { params }) });
  }

  /** Sends a request. @returns its id at once */
  ask(method: string, params: unknown = {}): number {
    const id = ++this.lastId;
    this.send({ id, method, params });
    return id;
  }

  answerTo(id: string | number | null, withinMs = 10_000): Promise<RpcMessage> {
    return eventually(
      `the answer to ${String(id)}`,
      () => this.messages.find((m) => m.id === id && m.method === undefined),
      withinMs,
    ).catch((e: unknown) => {
      throw new Error(
        `${String(e)}\nstdout: ${this.raw.join('\n').slice(0, 2000)}\n${this.stderr}`,
      );
    });
  }

  request(method: string, params: unknown = {}): Promise<RpcMessage> {
    return this.answerTo(this.ask(method, params));
  }

  call(name: string, args: unknown = {}, more: object = {}): Promise<RpcMessage> {
    return this.request('tools/call', { name, arguments: args, ...more });
  }

  async initialize(
    capabilities: object = {},
    protocolVersion = '2025-11-25',
    withinMs = 10_000,
  ): Promise<RpcMessage> {
    const clientInfo = { name: 'editor', version: '1' };
    const id = this.ask('initialize', { protocolVersion, capabilities, clientInfo });
    const answer = await this.answerTo(id, withinMs);
    this.notify('notifications/initialized');
    return answer;
  }

  notices(method: string): RpcMessage[] {
    return this.messages.filter((m) => m.method === method);
  }

  /** Closes stdin. @returns the exit code */
  async end(): Promise<number | string | null> {
    this.child.stdin?.end();
    const code = await this.exited;
    if (this.broken.length > 0) throw new Error(`no JSON on stdout: ${this.broken.join('\n')}`);
    return code;
  }

  async signal(signal: NodeJS.Signals): Promise<number | string | null> {
    this.child.kill(signal);
    return this.exited;
  }

  kill(): void {
    this.child.kill('SIGKILL');
  }

  private hear(line: string): void {
    try {
      const message = JSON.parse(line) as RpcMessage;
      this.raw.push(line);
      this.messages.push(message);
      if (message.method === undefined || message.id === undefined) return;
      const answer = this.respond(message);
      if (answer !== null) this.send({ id: message.id, ...answer });
    } catch {
      this.broken.push(line);
    }
  }
}
