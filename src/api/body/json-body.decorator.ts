import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { Request, Response } from 'express';
import { bindBody } from './bind-body.js';
import type { BodySpec } from './body-spec.js';
import { readJson } from './read-json.js';

/** Name of the Express setting that holds the longest body, in bytes. */
export const MAX_BODY_BYTES = 'max body bytes';

const MAX_NAMED = 20;

/**
 * The body of a request, read after the guards: who may not write is refused before anything is read.
 * An absent body counts as `{}`.
 */
export const JsonBody = createParamDecorator(
  async (spec: BodySpec<object>, context: ExecutionContext): Promise<object> => {
    const http = context.switchToHttp();
    const request = http.getRequest<Request>();
    const sent = await readJson(request, Number(request.app.get(MAX_BODY_BYTES)));
    const { body, ignored } = bindBody(sent === undefined ? {} : sent, spec, isStrict(request));
    if (ignored.length > 0)
      http.getResponse<Response>().setHeader('X-Ignored-Fields', headerList(ignored));
    return body;
  },
);

const isStrict = (request: Request): boolean =>
  /(?:^|[,;])\s*handling\s*=\s*"?strict"?\s*(?:$|[,;])/i.test(request.get('prefer') ?? '');

/** Keys are the client's: encoded, so that they cannot break the header. */
const headerList = (keys: readonly string[]): string =>
  keys
    .slice(0, MAX_NAMED)
    .map((key) => encodeURIComponent(key.slice(0, 64).replace(/\p{Cs}/gu, '\ufffd')))
    .join(', ');
