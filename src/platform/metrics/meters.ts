import { monitorEventLoopDelay } from 'node:perf_hooks';
import { Injectable } from '@nestjs/common';
import type { OnModuleDestroy } from '@nestjs/common';
import { Registry } from 'prom-client';
import { Config } from '../../config/config.js';
import type { Outcome } from '../../kernel/call.js';
import { PRODUCT_VERSION } from '../../kernel/product.js';
import { createFamilies } from './family-table.js';
import { McpTable, ToolTable } from './hot-series.js';
import { processMetrics } from './process-metrics.js';

/** All metrics of one app. Label values come from the registry, never from a request. */
@Injectable()
export class Meters implements OnModuleDestroy {
  /** Text for a scrape: `await registry.metrics()`, of type `registry.contentType`. */
  readonly registry = new Registry();
  private readonly families = createFamilies();
  private readonly tools: ToolTable;
  private readonly mcp = new McpTable(this.families);
  private readonly loopDelay = monitorEventLoopDelay({ resolution: 20 });

  constructor(config: Config) {
    this.tools = new ToolTable(this.families, config.metricsMaxTools);
    for (const family of Object.values(this.families)) {
      this.registry.registerMetric(family.asMetric());
    }
    for (const metric of processMetrics()) this.registry.registerMetric(metric);
    this.families.buildInfo.at(PRODUCT_VERSION, 'unknown', process.version).value = 1;
    for (const plain of ['callLogQueue', 'callLogDropped', 'draining'] as const) {
      this.families[plain].at();
    }
    this.watchEventLoop();
  }

  /** Hot. @param gateway slug, `local` for tools without one */
  toolCall(tool: string, gateway: string, outcome: Outcome, seconds: number): void {
    this.tools.of(tool, gateway).count(outcome, seconds);
  }

  /** Hot. @param method a known method; the caller says `unknown` for others */
  mcpRequest(method: string, transport: string, outcome: string, seconds: number): void {
    const series = this.mcp.of(method, transport, outcome);
    series.cell.value += 1;
    series.timing.observe(seconds);
  }

  /** @param route the template, never the raw path */
  httpRequest(method: string, route: string, status: number, seconds: number): void {
    const labels = [method, route, String(status)];
    this.families.httpRequests.at(...labels).value += 1;
    this.families.httpSeconds.at(...labels).observe(seconds);
  }

  /** @param up `null` takes the series away: the gateway is disabled or deleted */
  gatewayUp(slug: string, up: boolean | null): void {
    if (up === null) this.families.gatewayUp.forget({ gateway: slug });
    else this.families.gatewayUp.at(slug).value = Number(up);
  }

  /** Takes away every series of a gateway that was deleted. */
  forgetGateway(slug: string): void {
    const { families } = this;
    this.tools.forget(slug);
    for (const family of [families.toolCalls, families.toolSeconds, families.upstreamRequests]) {
      family.forget({ gateway: slug });
    }
    for (const family of [
      families.gatewayUp,
      families.upstreamSeconds,
      families.upstreamRetries,
      families.circuitState,
      families.stdioProcesses,
    ]) {
      family.forget({ gateway: slug });
    }
  }

  /** @param status `success`, or the code of the error */
  upstreamRequest(gateway: string, status: string, seconds: number): void {
    this.families.upstreamRequests.at(gateway, status).value += 1;
    this.families.upstreamSeconds.at(gateway).observe(seconds);
  }

  upstreamRetry(gateway: string): void {
    this.families.upstreamRetries.at(gateway).value += 1;
  }

  /** @param state 0 closed, 1 half open, 2 open */
  circuitState(gateway: string, state: 0 | 1 | 2): void {
    this.families.circuitState.at(gateway).value = state;
  }

  stdioProcesses(gateway: string, count: number): void {
    this.families.stdioProcesses.at(gateway).value = count;
  }

  sessions(transport: string, delta: number): void {
    this.families.sessions.at(transport).value += delta;
  }

  activeStreams(transport: string, delta: number): void {
    this.families.activeStreams.at(transport).value += delta;
  }

  inFlight(plane: 'data' | 'control', delta: number): void {
    this.families.inFlight.at(plane).value += delta;
  }

  registryEntities(kind: string, enabled: boolean, count: number): void {
    this.families.registryEntities.at(kind, String(enabled)).value = count;
  }

  authFailure(reason: string): void {
    this.families.authFailures.at(reason).value += 1;
  }

  rateLimited(scope: string): void {
    this.families.rateLimited.at(scope).value += 1;
  }

  /** @param length entries that wait now */
  callLogQueue(length: number): void {
    this.families.callLogQueue.at().value = length;
  }

  /** @param count entries just lost */
  callLogDropped(count: number): void {
    this.families.callLogDropped.at().value += count;
  }

  /** A message that was not passed on: protocol breaches, full queues. */
  dropped(reason: string): void {
    this.families.dropped.at(reason).value += 1;
  }

  draining(isDraining: boolean): void {
    this.families.draining.at().value = Number(isDraining);
  }

  onModuleDestroy(): void {
    this.loopDelay.disable();
  }

  private watchEventLoop(): void {
    this.loopDelay.enable();
    const family = this.families.eventLoopLag;
    const read = family.get.bind(family);
    family.get = () => {
      const seconds = this.loopDelay.percentile(99) / 1e9;
      family.at().value = Number.isFinite(seconds) ? seconds : 0;
      this.loopDelay.reset();
      return read();
    };
  }
}
