import { Injectable } from '@nestjs/common';
import type { Exchange } from '../http/exchange.js';
import { MessageEndpoint } from './message.endpoint.js';
import { SseEndpoint } from './sse.endpoint.js';

/** The two addresses of HTTP+SSE. */
@Injectable()
export class PairEndpoint {
  constructor(
    private readonly sse: SseEndpoint,
    private readonly message: MessageEndpoint,
  ) {}

  handle(exchange: Exchange, failed: (error: unknown) => void): void {
    if (exchange.route.endpoint === 'sse') this.sse.handle(exchange, failed);
    else this.message.handle(exchange, failed);
  }
}
