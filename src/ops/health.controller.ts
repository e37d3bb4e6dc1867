import { Controller, Get, Res } from '@nestjs/common';
import type { Response } from 'express';
import { CurrentCaller } from '../auth/current-caller.decorator.js';
import { Public } from '../auth/permission.decorator.js';
import { Config } from '../config/config.js';
import type { Caller } from '../kernel/caller.js';
import { PRODUCT_VERSION } from '../kernel/product.js';
import { healthBody } from './checks.js';
import { HealthChecks } from './health-checks.service.js';

@Public()
@Controller()
export class HealthController {
  constructor(
    private readonly checks: HealthChecks,
    private readonly config: Config,
  ) {}

  @Get(['health', 'healthz'])
  async health(
    @CurrentCaller() caller: Caller | undefined,
    @Res({ passthrough: true }) response: Response,
  ): Promise<Record<string, unknown>> {
    const facts = {
      version: PRODUCT_VERSION,
      uptimeSeconds: Math.floor(process.uptime()),
      draining: this.checks.draining,
    };
    const { ok, body } = healthBody(await this.checks.current(), facts, this.shows(caller));
    response.status(ok ? 200 : 503);
    return body;
  }

  @Get(['ready', 'readyz', 'health/ready'])
  async ready(
    @CurrentCaller() caller: Caller | undefined,
    @Res({ passthrough: true }) response: Response,
  ): Promise<Record<string, string>> {
    const error = await this.checks.notReady(this.shows(caller));
    if (error === null) return { status: 'ready' };
    response.status(503).setHeader('Retry-After', '1');
    return { status: 'not ready', error };
  }

  @Get(['live', 'livez', 'health/live'])
  live(): Record<string, string> {
    return { status: 'alive' };
  }

  private shows(caller: Caller | undefined): boolean {
    const { healthDetails } = this.config;
    return healthDetails === 'always' || (healthDetails === 'auth' && caller !== undefined);
  }
}
