import { randomUUID } from 'node:crypto';
import type { Gateway, Prompt, Resource, Server, Tool } from '../../src/kernel/catalog.js';
import type { GatewayId, PromptId, ResourceId, ServerId, ToolId } from '../../src/kernel/ids.js';

const AT = '2026-01-01T00:00:00.000Z';
const common = {
  enabled: true,
  tags: [],
  meta: {},
  createdAt: AT,
  createdBy: 'alice',
  createdFromIp: '127.0.0.1',
  createdVia: 'api',
  createdUserAgent: null,
  updatedAt: AT,
  modifiedBy: null,
  modifiedFromIp: null,
  modifiedVia: null,
  modifiedUserAgent: null,
  importBatchId: null,
  federationSource: null,
  version: 1,
} as const;

/** A healthy Streamable HTTP Gateway; say only what matters. */
export function aGateway(more: Partial<Gateway> = {}): Gateway {
  const name = more.name ?? 'kit';
  return {
    ...common,
    id: randomUUID() as string as GatewayId,
    name,
    slug: name.toLowerCase().replaceAll('_', '-'),
    url: 'http://127.0.0.1:1/mcp',
    description: null,
    transport: 'STREAMABLEHTTP',
    command: null,
    args: [],
    envSealed: null,
    cwd: null,
    authType: 'none',
    authSealed: null,
    loginSealed: null,
    needsLogin: false,
    loginPerUser: false,
    nameMode: 'prefixed',
    sessionMode: 'auto',
    asksClient: false,
    refreshIntervalSeconds: null,
    timeoutMs: null,
    maxDurationMs: null,
    connectTimeoutMs: null,
    initTimeoutMs: null,
    maxConcurrency: 0,
    capabilities: { tools: {} },
    serverInfo: null,
    instructions: null,
    protocolVersion: '2025-11-25',
    era: 'legacy',
    eraAt: AT,
    reachable: true,
    status: 'healthy',
    statusMessage: null,
    lastError: null,
    lastSeen: AT,
    lastRefreshAt: AT,
    skippedItems: [],
    listHints: null,
    ...more,
  };
}

/** A tool `echo` of the Gateway given by `gatewayId`. */
export function aTool(more: Partial<Tool> = {}): Tool {
  const originalName = more.originalName ?? 'echo';
  return {
    ...common,
    federationSource: 'kit',
    id: randomUUID() as string as ToolId,
    gatewayId: randomUUID() as string as GatewayId,
    originalName,
    customName: null,
    name: `kit-${originalName}`,
    integrationType: 'MCP',
    definition: '{"inputSchema":{"type":"object"}}',
    displayName: null,
    title: null,
    description: null,
    annotations: null,
    timeoutMs: null,
    maxCallsPerMinute: 0,
    retryable: false,
    warnings: [],
    ...more,
  };
}

export function aResource(more: Partial<Resource> = {}): Resource {
  const uri = more.uri ?? 'test://one';
  return {
    ...common,
    id: randomUUID() as string as ResourceId,
    gatewayId: randomUUID() as string as GatewayId,
    name: 'one',
    uri,
    isTemplate: false,
    mimeType: 'text/plain',
    definition: JSON.stringify({ uri, name: 'one', mimeType: 'text/plain' }),
    ...more,
  };
}

export function aPrompt(more: Partial<Prompt> = {}): Prompt {
  const originalName = more.originalName ?? 'greet';
  return {
    ...common,
    id: randomUUID() as string as PromptId,
    gatewayId: randomUUID() as string as GatewayId,
    originalName,
    customName: null,
    name: `kit-${originalName}`,
    definition: '{"description":"greets"}',
    ...more,
  };
}

export function aServer(more: Partial<Server> = {}): Server {
  return {
    ...common,
    id: randomUUID() as string as ServerId,
    name: 'clock',
    description: null,
    icon: null,
    instructions: null,
    nameMode: 'gateway',
    toolIds: [],
    resourceIds: [],
    promptIds: [],
    memberNames: {},
    maxCallsPerMinute: 0,
    ...more,
  };
}
