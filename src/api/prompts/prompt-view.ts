import type { Gateway, JsonObject, Prompt } from '../../kernel/catalog.js';
import { slugify } from '../../kernel/names.js';
import { isAvailable } from '../../registry/available.js';
import { commonView, type View } from '../../registry/views/common-view.js';

/** A federated Prompt as it leaves (API.md §2.4); its messages are rendered by its upstream. */
export function promptView(prompt: Prompt, gateway: Gateway): View {
  const upstream = JSON.parse(prompt.definition) as JsonObject;
  return {
    id: prompt.id,
    name: prompt.name,
    originalName: prompt.originalName,
    customName: prompt.customName,
    customNameSlug: prompt.customName === null ? null : slugify(prompt.customName, '-'),
    displayName: upstream['title'] ?? prompt.name,
    title: upstream['title'] ?? null,
    description: upstream['description'] ?? null,
    arguments: upstream['arguments'] ?? [],
    gatewayId: prompt.gatewayId,
    gatewaySlug: gateway.slug,
    reachable: isAvailable(gateway),
    ...commonView(prompt),
  };
}
