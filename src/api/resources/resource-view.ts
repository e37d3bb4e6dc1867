import type { Gateway, JsonObject, Resource } from '../../kernel/catalog.js';
import { isAvailable } from '../../registry/available.js';
import { commonView, type View } from '../../registry/views/common-view.js';

/**
 * A federated Resource as it leaves (API.md §2.3).
 * @param shadowedBy id of the resource that answers globally for this URI
 */
export function resourceView(
  resource: Resource,
  gateway: Gateway,
  shadowedBy: string | null,
): View {
  const upstream = JSON.parse(resource.definition) as JsonObject;
  return {
    id: resource.id,
    uri: resource.uri,
    uriTemplate: resource.isTemplate ? resource.uri : null,
    name: resource.name,
    title: upstream['title'] ?? null,
    description: upstream['description'] ?? null,
    mimeType: resource.mimeType,
    size: upstream['size'] ?? null,
    annotations: upstream['annotations'] ?? {},
    gatewayId: resource.gatewayId,
    gatewaySlug: gateway.slug,
    shadowedBy,
    reachable: isAvailable(gateway),
    ...commonView(resource),
  };
}

/** One line of `GET /resources/templates/list`: as in MCP. */
export function templateView(resource: Resource): View {
  const upstream = JSON.parse(resource.definition) as JsonObject;
  return {
    uriTemplate: resource.uri,
    name: resource.name,
    title: upstream['title'] ?? null,
    description: upstream['description'] ?? null,
    mimeType: resource.mimeType,
    annotations: upstream['annotations'] ?? {},
  };
}
