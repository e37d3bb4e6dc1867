import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { Caller } from '../kernel/caller.js';
import type { ControlRequest } from '../kernel/control-request.js';

/** The Caller of a request; `undefined` on a public route that nobody logged in to. */
export const CurrentCaller = createParamDecorator(
  (_data: unknown, context: ExecutionContext): Caller | undefined =>
    context.switchToHttp().getRequest<ControlRequest>().caller,
);
