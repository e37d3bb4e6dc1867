import type { Gateway, Json, JsonObject } from './catalog.js';
import type { Era } from './mcp.js';

/** Tasks as an extension of 2026-07-28 (SEP-2663). */
export const TASKS = 'io.modelcontextprotocol/tasks';

/** The settings of the extensions an upstream said it has; they are in `capabilities.extensions`. */
export function extensionsOf(gateway: Pick<Gateway, 'capabilities'>): JsonObject {
  const { extensions } = gateway.capabilities;
  return isObject(extensions) ? extensions : {};
}

/**
 * The extensions that clients of an era can use through these Gateways, settings verbatim; of two
 * settings the first counts. Tasks do not cross eras (PROTOCOL.md §5.8).
 */
export function routedExtensions(
  gateways: readonly Pick<Gateway, 'capabilities' | 'era'>[],
  era: Era,
): JsonObject {
  const routed: Record<string, Json> = {};
  for (const gateway of gateways)
    for (const [name, settings] of Object.entries(extensionsOf(gateway)))
      if (isObject(settings) && (name !== TASKS || (era === 'modern' && gateway.era === 'modern')))
        routed[name] ??= settings;
  return routed;
}

/** @param capabilities what a client declared, as JSON text */
export function declaresExtension(capabilities: string, name: string): boolean {
  if (!capabilities.includes(name)) return false;
  const { extensions } = JSON.parse(capabilities) as { extensions?: Record<string, unknown> };
  return extensions?.[name] !== undefined;
}

function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
