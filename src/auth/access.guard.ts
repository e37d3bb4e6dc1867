import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { ControlRequest } from '../kernel/control-request.js';
import { GatewayError } from '../kernel/errors.js';
import { requirePermission } from './access.js';
import { type Admission, ADMISSION } from './permission.decorator.js';

/** Lets those in whom the route's decorator names. Runs after the auth guard. */
@Injectable()
export class AccessGuard implements CanActivate {
  constructor(private readonly reflector: Reflector) {}

  canActivate(context: ExecutionContext): boolean {
    const admission = this.reflector.getAllAndOverride<Admission | undefined>(ADMISSION, [
      context.getHandler(),
      context.getClass(),
    ]);
    if (admission === 'public') return true;
    const { caller } = context.switchToHttp().getRequest<ControlRequest>();
    if (caller === undefined) throw new GatewayError('not_authenticated');
    if (admission === undefined) throw new Error('route without an access decorator');
    if (admission !== 'any-principal') requirePermission(caller, admission.permission);
    return true;
  }
}
