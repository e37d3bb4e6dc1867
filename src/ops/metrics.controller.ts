import { Controller, Get, HttpCode, Post, Query, Req, Res } from '@nestjs/common';
import type { Request, Response } from 'express';
import { ItemTally } from '../audit/item-tally.service.js';
import { requirePermission } from '../auth/access.js';
import { CurrentCaller } from '../auth/current-caller.decorator.js';
import { Public, RequirePermission } from '../auth/permission.decorator.js';
import { Config } from '../config/config.js';
import type { Caller } from '../kernel/caller.js';
import { GatewayError } from '../kernel/errors.js';
import { MEASURED_KINDS, type MeasuredKind, metricsView } from '../kernel/item-metrics.js';
import { Meters } from '../platform/metrics/meters.js';

const TEXT = ['text/plain', 'application/openmetrics-text'];
const JSON_TYPE = 'application/json';
/** Kinds that have totals of their own; Gateways are the sum of what they offer. */
const KINDS: readonly MeasuredKind[] = MEASURED_KINDS.filter((kind) => kind !== 'gateway');

/** The exposition for Prometheus, and the totals in JSON (API.md §4). */
@Controller('metrics')
export class MetricsController {
  constructor(
    private readonly meters: Meters,
    private readonly tally: ItemTally,
    private readonly config: Config,
  ) {}

  @Public()
  @Get()
  async metrics(
    @CurrentCaller() caller: Caller | undefined,
    @Req() request: Request,
    @Res() response: Response,
  ): Promise<void> {
    if (request.accepts([...TEXT, JSON_TYPE]) !== JSON_TYPE) {
      await this.exposition(caller, response);
      return;
    }
    requireReader(caller);
    response.vary('Accept').json(this.totals());
  }

  /** Always text, whatever is asked for. */
  @Public()
  @Get('prometheus')
  async exposition(
    @CurrentCaller() caller: Caller | undefined,
    @Res() response: Response,
  ): Promise<void> {
    if (!this.config.enableMetrics)
      throw new GatewayError('dependency_unavailable', { dependency: 'Metrics (ENABLE_METRICS)' });
    if (this.config.metricsAuthRequired) requireReader(caller);
    const { registry } = this.meters;
    const text = await registry.metrics();
    // Past Express's `send`, which would add a charset of its own to the content type.
    response.vary('Accept').setHeader('Content-Type', registry.contentType).end(text);
  }

  /** The counters of Prometheus go on. */
  @RequirePermission('metrics.reset')
  @HttpCode(200)
  @Post('reset')
  async reset(@Query() query: Readonly<Record<string, unknown>>): Promise<Record<string, string>> {
    const { entity } = query;
    const kind = KINDS.find((known) => known === entity);
    if (entity !== undefined && kind === undefined)
      throw new GatewayError('invalid_request', {
        reason: `entity must be one of ${KINDS.join(', ')}`,
      });
    const id = query['entity_id'] ?? query['entityId'];
    if (id !== undefined && (kind === undefined || typeof id !== 'string'))
      throw new GatewayError('invalid_request', { reason: 'entity_id needs its entity' });
    await this.tally.reset(
      kind === undefined ? MEASURED_KINDS : [kind],
      typeof id === 'string' ? id.toLowerCase() : null,
    );
    return { status: 'success', message: `Metrics reset for ${kind ?? 'all entities'}` };
  }

  private totals(): Record<string, unknown> {
    return Object.fromEntries(
      KINDS.map((kind) => [`${kind}s`, metricsView(this.tally.ofAll(kind))]),
    );
  }
}

/** @throws GatewayError `not_authenticated`, `forbidden` */
function requireReader(caller: Caller | undefined): void {
  if (caller === undefined) throw new GatewayError('not_authenticated');
  requirePermission(caller, 'metrics.read');
}
