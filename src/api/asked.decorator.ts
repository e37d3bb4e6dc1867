import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { Request } from 'express';
import type { Actor, Caller } from '../kernel/caller.js';
import type { ControlRequest } from '../kernel/control-request.js';
import { bindBody } from './body/bind-body.js';
import { MAX_BODY_BYTES } from './body/json-body.decorator.js';
import { readJson } from './body/read-json.js';
import { STATE, wantedState } from './state-body.js';

/** What a request says besides path and body. */
export interface Asked {
  readonly caller: Caller;
  readonly actor: Actor;
  readonly ifMatch: string | undefined;
  readonly query: Readonly<Record<string, unknown>>;
  readonly request: Pick<Request, 'headers' | 'socket'>;
}

/** Who asks, for what version, with which parameters. */
export const AskedBy = createParamDecorator((_data: unknown, context: ExecutionContext): Asked => {
  const request = context.switchToHttp().getRequest<Request & ControlRequest>();
  const { caller, actor, headers, query } = request;
  if (caller === undefined || actor === undefined)
    throw new Error('guards or AuditMetadataInterceptor are not installed');
  return { caller, actor, ifMatch: headers['if-match'], query, request };
});

/** The state that a state route is asked for. */
export const WantedState = createParamDecorator(
  async (_data: unknown, context: ExecutionContext): Promise<boolean> => {
    const request = context.switchToHttp().getRequest<Request>();
    const sent = await readJson(request, Number(request.app.get(MAX_BODY_BYTES)));
    const { body } = bindBody(sent ?? {}, STATE, false);
    return wantedState(body, request.query);
  },
);
