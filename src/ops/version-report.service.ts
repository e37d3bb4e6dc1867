import { createRequire } from 'node:module';
import { availableParallelism, hostname, platform, release, totalmem } from 'node:os';
import { Injectable } from '@nestjs/common';
import { can } from '../auth/access.js';
import { Config } from '../config/config.js';
import { SETTINGS } from '../config/config.schema.js';
import type { Caller } from '../kernel/caller.js';
import { LATEST_LEGACY, LEGACY_REVISIONS } from '../kernel/mcp.js';
import { PRODUCT_VERSION } from '../kernel/product.js';
import { DatabaseStatus } from './database-status.js';

/** What `/version` says (API.md §4): more to those who may see the system's configuration. */
@Injectable()
export class VersionReport {
  private readonly nestVersion: string;

  constructor(
    private readonly config: Config,
    private readonly database: DatabaseStatus,
  ) {
    const load = createRequire(__filename);
    this.nestVersion = (load('@nestjs/core/package.json') as { version: string }).version;
  }

  async read(caller: Caller): Promise<Record<string, unknown>> {
    const isAdmin = can(caller, 'admin.system_config');
    return {
      timestamp: new Date().toISOString(),
      host: hostname(),
      uptime_seconds: Math.floor(process.uptime()),
      app: {
        name: this.config.appName,
        version: PRODUCT_VERSION,
        revision: null,
        mcp_protocol_version: LATEST_LEGACY,
        mcp_protocol_versions: LEGACY_REVISIONS,
      },
      platform: {
        node: process.versions.node,
        nestjs: this.nestVersion,
        os: `${platform()} ${release()}`,
      },
      database: {
        ...(await this.databaseFacts()),
        ...(isAdmin ? { url: this.database.url() } : {}),
      },
      redis: { available: false, url: null, reachable: false, server_version: null },
      settings: {
        cache_type: 'memory',
        mcpgateway_ui_enabled: false,
        mcpgateway_admin_api_enabled: false,
      },
      ...(isAdmin ? { env: shownSettings(this.config), system: systemFacts() } : {}),
    };
  }

  private async databaseFacts(): Promise<Record<string, unknown>> {
    try {
      const { dialect } = await this.database.probe();
      return { dialect, reachable: true, server_version: await this.database.serverVersion() };
    } catch {
      // That it cannot be reached is the answer; the health check logs why.
      return { dialect: null, reachable: false, server_version: null };
    }
  }
}

/** By name of the variable; the schema says which are secret. Durations as they are in code. */
export function shownSettings(config: Config): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(SETTINGS)
      .filter(([, setting]) => !setting.secret)
      .map(([key, setting]) => [setting.env, config[key as keyof typeof SETTINGS]]),
  );
}

function systemFacts(): Record<string, unknown> {
  const { rss, heapUsed } = process.memoryUsage();
  return {
    cpus: availableParallelism(),
    memory: { total_bytes: totalmem(), rss_bytes: rss, heap_used_bytes: heapUsed },
    pid: process.pid,
  };
}
