import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { Actor } from '../kernel/caller.js';
import type { ControlRequest } from '../kernel/control-request.js';

/** The Actor of a request, for services that write. */
export const CurrentActor = createParamDecorator(
  (_data: unknown, context: ExecutionContext): Actor => {
    const { actor } = context.switchToHttp().getRequest<ControlRequest>();
    if (actor === undefined) throw new Error('AuditMetadataInterceptor is not installed');
    return actor;
  },
);
