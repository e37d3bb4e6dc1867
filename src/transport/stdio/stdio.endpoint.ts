import type { Readable, Writable } from 'node:stream';
import { Injectable } from '@nestjs/common';
import { AuthService } from '../../auth/auth.service.js';
import { Config } from '../../config/config.js';
import { GatewayError } from '../../kernel/errors.js';
import type { CallId } from '../../kernel/ids.js';
import { errorObject, errorText } from '../../kernel/jsonrpc.js';
import { LineCodec } from '../../kernel/line-codec.js';
import { Log } from '../../platform/log/log.js';
import type { ClientPipe } from '../pipe/client-pipe.js';
import { PipeOpener } from '../pipe/pipe-opener.js';
import { StdioOutlet } from './stdio-outlet.js';

/** How long open calls may go on once stdin has ended. */
const GRACE_MS = 2000;
const PARSE_ERROR = errorText(null, '{"code":-32700,"message":"Parse error"}');

/** One client on a pair of byte streams: a JSON-RPC message a line, both ways. */
@Injectable()
export class StdioEndpoint {
  constructor(
    private readonly opener: PipeOpener,
    private readonly auth: AuthService,
    private readonly config: Config,
    private readonly log: Log,
  ) {}

  /**
   * Serves whoever is at the other end, without a credential.
   * @returns once the client has gone and its calls have ended
   */
  async serve(stdin: Readable, stdout: Writable): Promise<void> {
    const ip = '127.0.0.1';
    const caller = await this.auth.authenticate({
      authorization: undefined,
      ip,
      allowBasic: false,
    });
    let over = (): void => undefined;
    const ended = new Promise<void>((resolve) => (over = resolve));
    const outlet = new StdioOutlet(stdout, this.config.streamQueueMaxBytes, (why) => {
      this.log.info({ event: 'stdio.closed', why });
      over();
    });
    const opened = this.opener.open({ transport: 'stdio', caller, serverId: null, ip }, outlet);
    this.read(stdin, opened.pipe);
    const grace = { timer: undefined as NodeJS.Timeout | undefined };
    const gone = (): void => {
      opened.pipe.left();
      grace.timer ??= setTimeout(over, GRACE_MS);
    };
    stdin.once('end', gone).once('error', gone);
    await ended;
    clearTimeout(grace.timer);
    stdin.pause();
    opened.closed();
  }

  private read(stdin: Readable, pipe: ClientPipe): void {
    let count = 0;
    const codec = new LineCodec({
      maxLineBytes: this.config.maxRequestSizeBytes,
      onLine: (line) => {
        if (line.trim() !== '') this.take(pipe, line, `stdio-${(++count).toString(36)}` as CallId);
      },
      onFault: (reason) => {
        this.log.warn({ event: 'stdio.unreadable', reason });
        pipe.send(PARSE_ERROR);
      },
    });
    stdin.on('data', (chunk: Buffer) => {
      codec.push(chunk);
    });
    stdin.on('end', () => {
      codec.end();
    });
  }

  private take(pipe: ClientPipe, text: string, callId: CallId): void {
    try {
      const { caller } = pipe.owner;
      void pipe.take({ text, bytes: Buffer.byteLength(text), callId, caller });
    } catch (e) {
      if (!(e instanceof GatewayError)) throw e;
      this.log.debug({ event: 'stdio.refused', code: e.code });
      if (e.code === 'parse_error') pipe.send(PARSE_ERROR);
      else pipe.send(errorText(e.extras.rpcId ?? null, errorObject(e, callId, false)));
    }
  }
}
