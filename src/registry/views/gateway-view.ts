import type { Gateway } from '../../kernel/catalog.js';
import type { GatewayId } from '../../kernel/ids.js';
import type { Snapshot } from '../catalog.snapshot.js';
import { commonView, type View } from './common-view.js';

export interface ItemCounts {
  readonly tools: number;
  readonly resources: number;
  readonly prompts: number;
}

/** Counts all items once, for views of many Gateways. */
export function countItems(snapshot: Snapshot): (id: GatewayId) => ItemCounts {
  const of = (rows: Iterable<{ readonly item: { readonly gatewayId: GatewayId } }>) => {
    const counts = new Map<GatewayId, number>();
    for (const { item } of rows) counts.set(item.gatewayId, (counts.get(item.gatewayId) ?? 0) + 1);
    return counts;
  };
  const tools = of(snapshot.tools.values());
  const resources = of(snapshot.resources.values());
  const prompts = of(snapshot.prompts.values());
  return (id) => ({
    tools: tools.get(id) ?? 0,
    resources: resources.get(id) ?? 0,
    prompts: prompts.get(id) ?? 0,
  });
}

const MASK = '*****';

/**
 * A Gateway as it leaves (API.md §2.6). Nothing sealed does.
 * @param envNames names of its environment; the values are secret
 */
export function gatewayView(
  gateway: Gateway,
  counts: ItemCounts,
  envNames: readonly string[],
): View {
  return {
    id: gateway.id,
    name: gateway.name,
    slug: gateway.slug,
    url: gateway.url,
    description: gateway.description,
    transport: gateway.transport,
    ...(gateway.transport === 'STDIO' ? commandView(gateway, envNames) : {}),
    ...authView(gateway),
    nameMode: gateway.nameMode,
    sessionMode: gateway.sessionMode,
    asksClient: gateway.asksClient,
    gatewayMode: 'cache',
    refreshIntervalSeconds: gateway.refreshIntervalSeconds,
    timeoutMs: gateway.timeoutMs,
    maxDurationMs: gateway.maxDurationMs,
    connectTimeoutMs: gateway.connectTimeoutMs,
    initTimeoutMs: gateway.initTimeoutMs,
    maxConcurrency: gateway.maxConcurrency,
    ...upstreamView(gateway),
    toolCount: counts.tools,
    resourceCount: counts.resources,
    promptCount: counts.prompts,
    ...commonView(gateway),
  };
}

function commandView(gateway: Gateway, envNames: readonly string[]): View {
  return {
    command: gateway.command,
    args: gateway.args,
    env: Object.fromEntries(envNames.map((name) => [name, MASK])),
    cwd: gateway.cwd,
  };
}

function authView(gateway: Gateway): View {
  return {
    authType: gateway.authType,
    authValue: gateway.authSealed === null ? null : MASK,
    ...(gateway.authType === 'oauth' ? loginView(gateway) : {}),
  };
}

function loginView({ id, needsLogin }: Gateway): View {
  return { needsLogin, loginUrl: needsLogin ? `/gateways/${id}/oauth/login` : null };
}

function upstreamView(gateway: Gateway): View {
  return {
    capabilities: gateway.capabilities,
    serverInfo: gateway.serverInfo,
    instructions: gateway.instructions,
    protocolVersion: gateway.protocolVersion,
    protocolEra: gateway.era,
    reachable: gateway.reachable,
    status: gateway.status,
    statusMessage: gateway.statusMessage,
    lastError: gateway.lastError,
    lastSeen: gateway.lastSeen,
    lastRefreshAt: gateway.lastRefreshAt,
    skippedTools: gateway.skippedItems
      .filter((item) => item.kind === 'tool')
      .map((item) => item.name),
    skippedItems: gateway.skippedItems,
    listHints: gateway.listHints,
  };
}
