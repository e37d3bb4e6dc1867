import { Controller, Get, Res } from '@nestjs/common';
import type { Response } from 'express';
import { requirePermission } from '../auth/access.js';
import { CurrentCaller } from '../auth/current-caller.decorator.js';
import { Public } from '../auth/permission.decorator.js';
import { Config } from '../config/config.js';
import type { Caller } from '../kernel/caller.js';
import { GatewayError } from '../kernel/errors.js';
import { Meters } from '../platform/metrics/meters.js';

/** The exposition for Prometheus; always text, whatever is asked for. */
@Public()
@Controller()
export class MetricsController {
  constructor(
    private readonly meters: Meters,
    private readonly config: Config,
  ) {}

  @Get(['metrics', 'metrics/prometheus'])
  async metrics(
    @CurrentCaller() caller: Caller | undefined,
    @Res() response: Response,
  ): Promise<void> {
    this.mustBeAllowed(caller);
    const { registry } = this.meters;
    const text = await registry.metrics();
    // Past Express's `send`, which would add a charset of its own to the content type.
    response.vary('Accept').setHeader('Content-Type', registry.contentType).end(text);
  }

  private mustBeAllowed(caller: Caller | undefined): void {
    if (!this.config.enableMetrics)
      throw new GatewayError('dependency_unavailable', { dependency: 'Metrics (ENABLE_METRICS)' });
    if (!this.config.metricsAuthRequired) return;
    if (caller === undefined) throw new GatewayError('not_authenticated');
    requirePermission(caller, 'metrics.read');
  }
}
