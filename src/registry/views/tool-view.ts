import type { Gateway, JsonObject, Tool } from '../../kernel/catalog.js';
import { slugify } from '../../kernel/names.js';
import { isAvailable } from '../available.js';
import { commonView, type View } from './common-view.js';

/** A federated Tool as it leaves (API.md §2.2): the owner's words over the upstream's. */
export function toolView(tool: Tool, gateway: Gateway): View {
  const upstream = JSON.parse(tool.definition) as JsonObject;
  const title = tool.title ?? textOf(upstream['title']);
  return {
    id: tool.id,
    name: tool.name,
    originalName: tool.originalName,
    customName: tool.customName,
    customNameSlug: tool.customName === null ? null : slugify(tool.customName, '-'),
    displayName: tool.displayName ?? title ?? tool.name,
    title,
    description: tool.description ?? textOf(upstream['description']),
    originalDescription: textOf(upstream['description']),
    gatewayId: tool.gatewayId,
    gatewaySlug: gateway.slug,
    integrationType: tool.integrationType,
    requestType: gateway.transport,
    url: gateway.url,
    inputSchema: upstream['inputSchema'] ?? { type: 'object', properties: {} },
    outputSchema: upstream['outputSchema'] ?? null,
    annotations: tool.annotations ?? upstream['annotations'] ?? {},
    timeoutMs: tool.timeoutMs,
    maxCallsPerMinute: tool.maxCallsPerMinute,
    retryable: tool.retryable,
    reachable: isAvailable(gateway),
    ...commonView(tool),
    warnings: tool.warnings,
  };
}

const textOf = (value: unknown): string | null => (typeof value === 'string' ? value : null);
