import { Injectable } from '@nestjs/common';
import type { Call } from '../../kernel/call.js';
import { LEGACY_REVISIONS, MODERN_REVISIONS } from '../../kernel/mcp.js';
import { CatalogService } from '../../registry/catalog.service.js';
import { OwnResults } from '../era/own-results.js';
import { offeredTo } from './offered.js';
import type { Handlers } from './registry.js';

const VERSIONS = JSON.stringify([...MODERN_REVISIONS, ...[...LEGACY_REVISIONS].reverse()]);

/** What a modern client may ask first (26 Discovery). */
@Injectable()
export class DiscoverMethods {
  constructor(
    private readonly catalog: CatalogService,
    private readonly own: OwnResults,
  ) {}

  handlers(): Handlers {
    return { 'server/discover': (call) => this.discover(call) };
  }

  /** Changes with the catalog, and other Callers see another: so nobody may keep it. */
  private discover(call: Call): string {
    const view = this.catalog.view(call.caller, call.serverId);
    const { instructions } = view;
    const said = instructions === null ? '' : `,"instructions":${JSON.stringify(instructions)}`;
    return this.own.dress(
      call,
      `"supportedVersions":${VERSIONS},"capabilities":${JSON.stringify(offeredTo(call.client.revision, view.gateways))}${said},"ttlMs":0,"cacheScope":"private"`,
    );
  }
}
