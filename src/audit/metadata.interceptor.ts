import {
  type CallHandler,
  type ExecutionContext,
  Injectable,
  type NestInterceptor,
} from '@nestjs/common';
import type { Observable } from 'rxjs';
import type { Actor } from '../kernel/caller.js';
import type { ControlRequest } from '../kernel/control-request.js';

const MAX_USER_AGENT = 512;

/** Puts `request.actor`: who changes something here, from where and how (API.md §7.1). */
@Injectable()
export class AuditMetadataInterceptor implements NestInterceptor {
  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    const request = context.switchToHttp().getRequest<ControlRequest>();
    request.actor = actorOf(request);
    return next.handle();
  }
}

function actorOf(request: ControlRequest): Actor {
  return {
    principal: request.caller?.principal ?? 'anonymous',
    ip: request.clientIp ?? null,
    via: 'api',
    userAgent: request.headers['user-agent']?.slice(0, MAX_USER_AGENT) ?? null,
    ...(typeof request.id === 'string' ? { requestId: request.id } : {}),
  };
}
