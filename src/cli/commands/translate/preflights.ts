import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Config } from '../../../config/config.js';
import { knownError } from '../../../kernel/errors.js';
import { corsHeaders, preflightHeaders } from '../../../kernel/response-headers.js';
import { Answers } from '../../../transport/http/answer.js';
import { drainRest } from '../../../transport/http/drain-rest.js';
import { checkEdge } from '../../../transport/http/edge-check.js';
import { readHead } from '../../../transport/http/head.js';
import { HostRules } from '../../../transport/http/host-rules.js';

/** Browsers ask without credentials whether they may send them (Fetch §CORS-preflight fetch). */
export function isPreflight({ method, headers }: IncomingMessage): boolean {
  const { origin, 'access-control-request-method': wanted } = headers;
  return method === 'OPTIONS' && origin !== undefined && wanted !== undefined;
}

/**
 * Answers preflights by the settings alone: who asks has shown no token, and must neither start nor
 * choose a program.
 */
export class Preflights {
  private readonly rules: HostRules;
  private readonly answers: Answers;

  constructor(config: Config) {
    this.rules = new HostRules(config);
    this.answers = new Answers(config);
  }

  /** What a page may do here; an error without CORS headers where its origin is not allowed. */
  answer(req: IncomingMessage, res: ServerResponse): void {
    const { origin = '', 'access-control-request-headers': asked } = req.headers;
    try {
      checkEdge(req, readHead(req), this.rules);
    } catch (e) {
      const context = { requestId: randomUUID(), isRpc: false, headers: drainRest(req) };
      this.answers.sendError(res, knownError(e, context.requestId), context);
      return;
    }
    const headers = [...corsHeaders(origin), ...preflightHeaders(asked)];
    this.answers.sendEmpty(res, 204, headers.flat());
  }
}
