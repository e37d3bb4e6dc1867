import type { Readable, Writable } from 'node:stream';
import { GatewayError } from '../../kernel/errors.js';
import { RELAYED, scanElements } from '../../kernel/json-scan.js';
import { errorText, parseUpstreamMessage } from '../../kernel/jsonrpc.js';
import { LineCodec } from '../../kernel/line-codec.js';
import { EXIT } from '../exit-code.js';
import { fault } from './fault.js';
import { FirstContact } from './first-contact.js';
import { Inbound } from './inbound.js';
import { LineOut } from './line-out.js';
import { isListen } from './modern-era.js';
import { OpenCalls } from './open-calls.js';
import type { Parts } from './parts.js';
import { Remote } from './remote.js';
import { Router } from './router.js';
import type { Settings } from './settings.js';
import type { WrapperLog } from './wrapper-log.js';

const MAX_LINE_BYTES = 10 * 1024 * 1024;
/** How long open requests may go on once stdin has ended. */
const GRACE_MS = 2000;
const DELETE_MS = 300;

const ENDING = fault('cancelled', 'The wrapper is ending; the outcome is unknown');

export interface Pipes {
  readonly stdin: Readable;
  readonly stdout: Writable;
}

/** stdio on one side, the gateway's Streamable HTTP endpoint on the other (PROTOCOL.md §10.2). */
export class Bridge {
  private readonly parts: Parts;
  private readonly router: Router;
  private readonly ended: Promise<number>;
  private resolveEnded!: (exitCode: number) => void;
  private isFinishing = false;

  constructor(
    settings: Settings,
    private readonly pipes: Pipes,
    log: WrapperLog,
  ) {
    this.ended = new Promise((resolve) => {
      this.resolveEnded = resolve;
    });
    const end = (exitCode: number): void => void this.finish(exitCode);
    const out = new LineOut(pipes.stdout, () => {
      end(EXIT.done);
    });
    const calls = new OpenCalls(settings.concurrency);
    this.parts = {
      remote: new Remote(settings.url, settings.headers, settings.given),
      calls,
      inbound: new Inbound(calls, out, log),
      out,
      contact: new FirstContact(end),
      log,
    };
    this.router = new Router(settings, this.parts);
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
    this.router.close();
    for (const call of this.parts.calls.all) if (isListen(call.method)) call.drop();
    this.parts.calls.failAll(ENDING);
    await this.parts.remote.delete(DELETE_MS);
    this.parts.log.info({ event: 'wrapper.ended', exitCode });
    this.resolveEnded(exitCode);
    await this.parts.remote.close();
  }

  private async inputEnded(): Promise<void> {
    const grace = setTimeout(() => void this.finish(EXIT.done), GRACE_MS);
    await this.router.idle();
    clearTimeout(grace);
    await this.finish(EXIT.done);
  }

  private takeLine(line: string): void {
    if (this.isFinishing || line.trim() === '') return;
    try {
      for (const text of this.messagesOf(line)) this.router.take(text, parseUpstreamMessage(text));
    } catch (e) {
      if (!(e instanceof GatewayError)) throw e;
      this.refuse(e.code, e);
    }
  }

  /** Batches exist in one revision only; their answers come line by line. */
  private messagesOf(line: string): readonly string[] {
    if (!this.router.takesBatches || !/^\s*\[/.test(line)) return [line];
    try {
      return scanElements(line, RELAYED);
    } catch {
      return [line];
    }
  }

  private refuse(reason: string, error?: GatewayError): void {
    this.parts.log.critical({ event: 'input.unreadable', reason });
    const why = error?.code === 'invalid_request' ? error : null;
    const id = why?.extras.rpcId ?? null;
    const text = why === null ? fault('parse_error', 'Parse error') : fault(why.code, why.message);
    this.parts.out.write(errorText(id, text.error));
  }
}
