import {
  type CallHandler,
  type ExecutionContext,
  Injectable,
  type NestInterceptor,
} from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { Request, Response } from 'express';
import { lastValueFrom, of, type Observable } from 'rxjs';
import { type Claim, IdempotentAnswers } from '../audit/idempotent-answers.service.js';
import { canonicalJson } from '../kernel/canonical-json.js';
import type { ControlRequest } from '../kernel/control-request.js';
import { GatewayError } from '../kernel/errors.js';
import { MAX_BODY_BYTES } from './body/json-body.decorator.js';
import { readJson } from './body/read-json.js';
import { keepFailure, keepSuccess, replay } from './kept-answer.js';
import { contextOf } from './problem.filter.js';
import { toGatewayError } from './problem.js';
import { UNREPEATED } from './unrepeated.decorator.js';

const KEY = /^[\x21-\x7e]{1,255}$/;
const EVENT_STREAM = /^\/resources\/subscribe(?:\/|$)/;

/** A POST with an `Idempotency-Key` runs once; who sends it again gets the same answer (API.md §1.8). */
@Injectable()
export class IdempotencyInterceptor implements NestInterceptor {
  constructor(
    private readonly answers: IdempotentAnswers,
    private readonly reflector: Reflector,
  ) {}

  async intercept(context: ExecutionContext, next: CallHandler): Promise<Observable<unknown>> {
    const http = context.switchToHttp();
    const request = http.getRequest<Request & ControlRequest>();
    const { caller } = request;
    const key = request.headers['idempotency-key'];
    if (key === undefined || caller === undefined || !takesKeys(request)) return next.handle();
    if (this.reflector.get<boolean>(UNREPEATED, context.getHandler())) return next.handle();
    if (typeof key !== 'string' || !KEY.test(key)) {
      const reason = 'Idempotency-Key must have 1 to 255 visible characters';
      throw new GatewayError('invalid_request', { reason });
    }
    const response = http.getResponse<Response>();
    const sent = await readJson(request, Number(request.app.get(MAX_BODY_BYTES)));
    const found = await this.answers.claim({
      scope: [caller.principal, request.method, request.path, key],
      // What another token of the same principal may not see must not be replayed to it.
      content: canonicalJson([request.query, sent ?? null, caller.visibility]),
    });
    if ('kept' in found) return of(replay(found.kept, response));
    return of(await run(found.claim, next, { request, response }));
  }
}

/** Runs the handler and keeps its answer before it leaves. */
async function run(
  claim: Claim,
  next: CallHandler,
  { request, response }: { request: Request & ControlRequest; response: Response },
): Promise<unknown> {
  let body: unknown;
  try {
    body = await lastValueFrom(next.handle(), { defaultValue: undefined });
  } catch (e) {
    const error = toGatewayError(e, contextOf(request));
    if (mayRunAgain(error)) await claim.dropped();
    else await claim.answered(keepFailure(error, String(request.id)));
    throw e;
  }
  await claim.answered(keepSuccess(body, response));
  return body;
}

const takesKeys = ({ method, path }: Request): boolean =>
  method === 'POST' && !EVENT_STREAM.test(path);

/** What says "later" must not be said again later. */
const mayRunAgain = ({ row, extras }: GatewayError): boolean =>
  row.status >= 500 || row.status === 429 || extras.retryAfterSeconds !== undefined;
