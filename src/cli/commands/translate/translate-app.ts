import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { Duplex, Readable, Writable } from 'node:stream';
import type { INestApplicationContext } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { Config } from '../../../config/config.js';
import { SyncService } from '../../../federation/sync.service.js';
import type { Actor } from '../../../kernel/caller.js';
import { NestLog } from '../../../nest-log.js';
import type { Log } from '../../../platform/log/log.js';
import { DrainState } from '../../../platform/drain-state.js';
import { Listens } from '../../../protocol/era/listens.js';
import { InFlight } from '../../../protocol/in-flight.js';
import { Listeners } from '../../../protocol/listeners.js';
import type { NewGateway } from '../../../registry/discovered.js';
import { HttpAdapter } from '../../../transport/http.adapter.js';
import { SseEndpoint } from '../../../transport/sse/sse.endpoint.js';
import { StdioEndpoint } from '../../../transport/stdio/stdio.endpoint.js';
import { ProcessOutputs } from '../../../upstreams/mcp/process-outputs.service.js';
import { TranslateModule } from './translate.module.js';

const ACTOR: Actor = { principal: 'system', ip: null, via: 'cli', userAgent: null };

export interface TranslateParts {
  readonly config: Config;
  readonly log: Log;
  readonly upstream: NewGateway;
  /** Gets what the program writes to its own. */
  readonly stderr: Writable;
  /** What the stream of HTTP+SSE names for posting to. */
  readonly messagePath: string;
}

/** A gateway of one upstream under its original names, that keeps nothing and listens nowhere. */
export class TranslateApp {
  /** Never listens: it is handed what the front lets through. */
  private readonly inner = createServer((_req, res) => {
    res.writeHead(404, { 'content-type': 'text/plain' }).end('Not found\n');
  });

  private constructor(private readonly context: INestApplicationContext) {
    context.get(HttpAdapter).attach(this.inner);
  }

  /**
   * @throws GatewayError when the upstream cannot be started, reached or read
   */
  static async start(parts: TranslateParts): Promise<TranslateApp> {
    const { config, log, upstream, stderr, messagePath } = parts;
    const context = await NestFactory.createApplicationContext(
      TranslateModule.forRoot(config, log),
      // Nest's own options are a class by accident of its declarations: it takes a literal.
      // eslint-disable-next-line @typescript-eslint/no-unsafe-class-instance-assignment
      { logger: new NestLog(log), abortOnError: false },
    );
    context.get(SseEndpoint).messagePath = messagePath;
    context.get(ProcessOutputs).follow((chunk) => stderr.write(chunk));
    try {
      await context.get(SyncService).register(upstream, ACTOR);
      return new TranslateApp(context);
    } catch (e) {
      await context.close();
      throw e;
    }
  }

  handle(req: IncomingMessage, res: ServerResponse): void {
    this.inner.emit('request', req, res);
  }

  upgrade(req: IncomingMessage, socket: Duplex, head: Buffer): void {
    this.inner.emit('upgrade', req, socket, head);
  }

  /** @returns once the client has gone */
  serveStdio(stdin: Readable, stdout: Writable): Promise<void> {
    return this.context.get(StdioEndpoint).serve(stdin, stdout);
  }

  /** Clients are sent away, calls that are still open get an error, the upstream is ended. */
  async close(): Promise<void> {
    this.context.get(DrainState).begin();
    this.context.get(Listeners).closeAll();
    this.context.get(Listens).endAll();
    this.context.get(InFlight).shutDown();
    await this.context.close();
  }
}
