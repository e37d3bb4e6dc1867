import { Injectable } from '@nestjs/common';
import { AuthService } from '../../auth/auth.service.js';
import { Config } from '../../config/config.js';
import type { Caller } from '../../kernel/caller.js';
import { GatewayError } from '../../kernel/errors.js';
import { isJsonMediaType } from '../../kernel/media-type.js';
import { type Accepts, parseAccept } from './accept.js';
import type { Exchange, Posted } from './exchange.js';
import { readBody } from './read-body.js';

interface Admitted {
  readonly exchange: Exchange;
  readonly accepts: Accepts;
  readonly caller: Caller;
}

// Callbacks, because a promise for each body costs more than most bodies.
type Then = (posted: Posted) => void;
type Failed = (error: unknown) => void;

/** The steps that every POST of the data plane takes before its message is looked at (PROTOCOL.md §2.2). */
@Injectable()
export class Intake {
  constructor(
    private readonly auth: AuthService,
    private readonly config: Config,
  ) {}

  /** @throws GatewayError `not_authenticated` and its kin */
  authenticate(exchange: Exchange): Caller | Promise<Caller> {
    return this.auth.authenticate({
      authorization: exchange.head.authorization,
      ip: exchange.ip,
      allowBasic: this.config.apiAllowBasicAuth,
    });
  }

  /**
   * Media types, credentials, body.
   * @param needs whether JSON alone will do as an answer, or an event stream alone too
   * @param then called once with what was posted; its errors go where the others go
   * @param failed called once instead
   */
  post(exchange: Exchange, needs: 'json' | 'json-or-stream', then: Then, failed: Failed): void {
    let accepts: Accepts;
    let caller: Caller | Promise<Caller>;
    try {
      accepts = this.checkTypes(exchange, needs);
      caller = this.authenticate(exchange);
    } catch (e) {
      failed(e);
      return;
    }
    if (caller instanceof Promise)
      caller.then((c) => {
        this.read({ exchange, accepts, caller: c }, then, failed);
      }, failed);
    else this.read({ exchange, accepts, caller }, then, failed);
  }

  private checkTypes({ head }: Exchange, needs: 'json' | 'json-or-stream'): Accepts {
    if (!isJsonMediaType(head.contentType)) throw new GatewayError('unsupported_media_type');
    if (head.contentEncoding !== undefined && head.contentEncoding !== 'identity')
      throw new GatewayError('unsupported_encoding');
    const limit = this.config.maxRequestSizeBytes;
    if (head.contentLength !== undefined && Number(head.contentLength) > limit)
      throw new GatewayError('payload_too_large', { limit });
    const accepts = parseAccept(head.accept);
    if (!accepts.json && !(needs === 'json-or-stream' && accepts.stream))
      throw new GatewayError('not_acceptable', {
        types: needs === 'json' ? 'application/json' : 'application/json or text/event-stream',
      });
    return accepts;
  }

  private read({ exchange, accepts, caller }: Admitted, then: Then, failed: Failed): void {
    readBody(exchange.req, this.config.maxRequestSizeBytes, (text, error, bytes) => {
      if (error !== null || text === null) {
        failed(error);
        return;
      }
      try {
        // Written out: spreading objects of this size costs microseconds.
        const { req, res, head, route, callId, ip, headers } = exchange;
        then({ req, res, head, route, callId, ip, headers, caller, accepts, text, bytes });
      } catch (e) {
        failed(e);
      }
    });
  }
}
