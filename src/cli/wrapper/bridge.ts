import type { Readable, Writable } from 'node:stream';
import { GatewayError } from '../../kernel/errors.js';
import { scanElements } from '../../kernel/json-scan.js';
import {
  errorText,
  type Message,
  notificationText,
  parseUpstreamMessage,
} from '../../kernel/jsonrpc.js';
import { LineCodec } from '../../kernel/line-codec.js';
import { EXIT } from '../exit-code.js';
import { Asides } from './asides.js';
import { CallRunner } from './call-runner.js';
import { fault } from './fault.js';
import { Inbound } from './inbound.js';
import { LineOut } from './line-out.js';
import { ListenStream } from './listen-stream.js';
import { idKey, OpenCall } from './open-call.js';
import { OpenCalls } from './open-calls.js';
import { Remote } from './remote.js';
import { Session } from './session.js';
import type { Settings } from './settings.js';
import type { WrapperLog } from './wrapper-log.js';

const MAX_LINE_BYTES = 10 * 1024 * 1024;
/** How long open requests may go on once stdin has ended. */
const GRACE_MS = 2000;
const DELETE_MS = 300;
/** Requests that must not wait behind others. */
const URGENT = ['initialize', 'ping'];

const UNKNOWN = fault(
  'upstream_error',
  'The gateway lost the session while the request was open; the outcome is unknown, it was not repeated',
);
const ENDING = fault('cancelled', 'The wrapper is ending; the outcome is unknown');

export interface Pipes {
  readonly stdin: Readable;
  readonly stdout: Writable;
}

/** stdio on one side, the gateway's Streamable HTTP endpoint on the other (PROTOCOL.md §10.2). */
export class Bridge {
  private readonly out: LineOut;
  private readonly remote: Remote;
  private readonly calls: OpenCalls;
  private readonly session: Session;
  private readonly inbound: Inbound;
  private readonly asides: Asides;
  private readonly runner: CallRunner;
  private readonly listener: ListenStream;
  /** What has to come to an end before the wrapper may. */
  private readonly pending = new Set<Promise<void>>();
  private readonly ended: Promise<number>;
  private resolveEnded!: (exitCode: number) => void;
  private isFinishing = false;

  constructor(
    private readonly settings: Settings,
    private readonly pipes: Pipes,
    private readonly log: WrapperLog,
  ) {
    this.ended = new Promise((resolve) => {
      this.resolveEnded = resolve;
    });
    this.out = new LineOut(pipes.stdout, () => void this.finish(EXIT.done));
    this.remote = new Remote(settings.url, settings.headers);
    this.calls = new OpenCalls(settings.concurrency);
    this.inbound = new Inbound(this.calls, this.out, log);
    this.session = new Session(this.remote, this.sessionHooks(), log);
    this.asides = new Asides(this.remote, this.session, log);
    this.runner = new CallRunner(
      this.remote,
      this.session,
      this.inbound,
      this.out,
      (exitCode) => void this.finish(exitCode),
    );
    this.listener = new ListenStream(this.remote, this.out, this.listenHooks(), log);
  }

  /** @returns the exit code, once stdin has ended or going on makes no sense */
  run(): Promise<number> {
    const { stdin } = this.pipes;
    const codec = new LineCodec({
      maxLineBytes: MAX_LINE_BYTES,
      onLine: (line) => {
        this.takeLine(line);
      },
      onFault: (why) => {
        this.refuse(why);
      },
    });
    stdin.on('data', (chunk: Buffer) => {
      codec.push(chunk);
    });
    stdin.on('error', () => void this.inputEnded());
    stdin.on('end', () => {
      codec.end();
      void this.inputEnded();
    });
    return this.ended;
  }

  /** Ends the session and the wrapper; what is still open is answered with an error. */
  async finish(exitCode: number): Promise<void> {
    if (this.isFinishing) return;
    this.isFinishing = true;
    this.pipes.stdin.pause();
    this.listener.close();
    this.calls.failAll(ENDING);
    await this.remote.delete(DELETE_MS);
    this.log.info({ event: 'wrapper.ended', exitCode });
    this.resolveEnded(exitCode);
    await this.remote.close();
  }

  private async inputEnded(): Promise<void> {
    const idle = async (): Promise<void> => {
      while (this.pending.size > 0) await Promise.all(this.pending);
    };
    const grace = setTimeout(() => void this.finish(EXIT.done), GRACE_MS);
    await idle();
    clearTimeout(grace);
    await this.finish(EXIT.done);
  }

  private takeLine(line: string): void {
    if (this.isFinishing || line.trim() === '') return;
    try {
      for (const text of this.messagesOf(line)) this.route(text, parseUpstreamMessage(text));
    } catch (e) {
      if (!(e instanceof GatewayError)) throw e;
      this.refuse(e.code, e);
    }
  }

  /** Batches exist in one revision only; their answers come line by line. */
  private messagesOf(line: string): readonly string[] {
    if (this.session.revision !== '2025-03-26' || !/^\s*\[/.test(line)) return [line];
    try {
      return scanElements(line, { maxDepth: 512, uniqueKeys: false });
    } catch {
      return [line];
    }
  }

  private refuse(reason: string, error?: GatewayError): void {
    this.log.critical({ event: 'input.unreadable', reason });
    const why = error?.code === 'invalid_request' ? error : null;
    const id = why?.extras.rpcId ?? null;
    const text = why === null ? fault('parse_error', 'Parse error') : fault(why.code, why.message);
    this.out.write(errorText(id, text.error));
  }

  private route(text: string, message: Message): void {
    if (message.kind === 'request') this.takeRequest(text, message);
    else if (message.kind === 'response') this.takeAnswer(text, message);
    else if (message.method === 'notifications/cancelled') this.cancel(text, message);
    else if (message.method === 'notifications/initialized')
      this.track(this.session.barrier(() => this.initialized(text)));
    else this.track(this.asides.post(text));
  }

  private takeRequest(text: string, message: Message): void {
    const call = new OpenCall(text, message, {
      timeoutMs: this.settings.timeoutMs,
      write: (line) => {
        this.out.write(line);
      },
      onTimeout: (late) => {
        this.timedOut(late);
      },
    });
    // How clients of the modern era probe: told no, they go on with `initialize`.
    if (message.method === 'server/discover') {
      call.fail(fault('method_not_found', 'Method not found: server/discover'));
      return;
    }
    const isInitialize = message.method === 'initialize';
    const work = isInitialize
      ? (): Promise<void> => this.session.barrier(() => this.runner.run(call))
      : (): Promise<void> => this.runner.run(call);
    if (isInitialize) this.listener.close();
    if (!this.calls.run(call, URGENT.includes(message.method), work)) {
      call.fail(fault('overloaded', 'Too many requests are waiting'));
      return;
    }
    this.track(
      new Promise((resolve) => {
        call.ended.addEventListener('abort', () => {
          resolve();
        });
      }),
    );
  }

  private takeAnswer(text: string, message: Message): void {
    if (this.inbound.closeQuestion(message.id as string)) this.track(this.asides.post(text));
    else this.log.debug({ event: 'answer.unasked' });
  }

  private async initialized(text: string): Promise<void> {
    await this.asides.postNow(text);
    if (!this.isFinishing) this.listener.open();
  }

  private cancel(text: string, message: Message): void {
    const id = message.params?.raw('requestId');
    const calls = id === undefined ? [] : this.calls.byId(idKey(id));
    const [call] = calls;
    // Of several with one id nobody can say which is meant.
    if (call !== undefined && calls.length === 1) {
      const wasSent = call.isSent();
      call.drop();
      if (!wasSent) return;
    }
    this.track(this.asides.post(text));
  }

  private timedOut(call: OpenCall): void {
    const { timeoutMs } = this.settings;
    const wasSent = call.isSent();
    const sentence = `${call.method} timed out after ${timeoutMs} ms without a sign`;
    call.fail(
      fault('upstream_timeout', wasSent ? `${sentence}; the outcome is unknown` : sentence),
    );
    if (!wasSent || call.method === 'initialize') return;
    const params = `"requestId":${call.message.id ?? 'null'},"reason":"timed out"`;
    this.track(this.asides.post(notificationText('notifications/cancelled', params)));
  }

  private sessionHooks(): ConstructorParameters<typeof Session>[1] {
    return {
      onLost: () => {
        this.listener.close();
        this.inbound.forgetQuestions();
        this.calls.failAll(UNKNOWN, (call) => call.isSent());
      },
      onReopened: () => {
        this.tellListsChanged();
        if (!this.isFinishing) this.listener.open();
      },
    };
  }

  private listenHooks(): ConstructorParameters<typeof ListenStream>[2] {
    return {
      onText: (text) => {
        this.inbound.take(text, null);
      },
      onSessionLost: () => {
        this.session.lost(this.session.generation);
      },
      onGap: () => {
        this.tellListsChanged();
      },
    };
  }

  private tellListsChanged(): void {
    for (const kind of this.session.listKinds)
      this.out.write(notificationText(`notifications/${kind}/list_changed`, ''));
  }

  private track(work: Promise<void>): void {
    this.pending.add(work);
    void work.finally(() => this.pending.delete(work));
  }
}
