import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { Config } from '../config/config.js';
import type { Caller } from '../kernel/caller.js';
import type { ControlRequest } from '../kernel/control-request.js';
import { GatewayError } from '../kernel/errors.js';
import { AuthService } from './auth.service.js';
import { clientAddress } from './client-address.js';
import { type Admission, ADMISSION } from './permission.decorator.js';

/** Finds out who asks on the control plane: `request.caller` and `request.clientIp`. */
@Injectable()
export class AuthGuard implements CanActivate {
  constructor(
    private readonly auth: AuthService,
    private readonly config: Config,
    private readonly reflector: Reflector,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const request = context.switchToHttp().getRequest<ControlRequest>();
    request.clientIp = clientAddress(request, this.config.trustedProxies);
    const admission = this.reflector.getAllAndOverride<Admission | undefined>(ADMISSION, [
      context.getHandler(),
      context.getClass(),
    ]);
    if (admission === 'public') {
      const caller = await this.ifKnown(request);
      if (caller !== undefined) request.caller = caller;
    } else {
      request.caller = await this.authenticate(request);
    }
    return true;
  }

  private authenticate(request: ControlRequest): Caller | Promise<Caller> {
    return this.auth.authenticate({
      authorization: request.headers.authorization,
      ip: request.clientIp ?? '',
      allowBasic: this.config.apiAllowBasicAuth,
    });
  }

  /** Public routes tell those with a credential more (`HEALTH_DETAILS=auth`), and refuse nobody. */
  private async ifKnown(request: ControlRequest): Promise<Caller | undefined> {
    if (request.headers.authorization === undefined && this.config.authRequired) return undefined;
    try {
      return await this.authenticate(request);
    } catch (e) {
      if (e instanceof GatewayError) return undefined;
      throw e;
    }
  }
}
