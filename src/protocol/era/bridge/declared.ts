import { missingCapability, readCapabilities } from '../../../kernel/client-capabilities.js';
import type { ServerRequestMethod } from '../../../kernel/mcp.js';

/**
 * The client capability that a question needs and the client did not declare: `sampling`,
 * `sampling.tools`, `elicitation.form`, `elicitation.url`, `roots`; `null` when it can be asked.
 * @param capabilities what the client declared, as JSON text
 * @param params inside of the question's params
 */
export function missingFor(
  capabilities: string,
  method: ServerRequestMethod,
  params: string,
): string | null {
  return missingCapability(readCapabilities(capabilities), method, params);
}

/** A capability's name as an object of capabilities: `elicitation.url` → `{elicitation: {url: {}}}`. */
export function capabilityObject(name: string): Record<string, unknown> {
  return name
    .split('.')
    .reduceRight<Record<string, unknown>>((inner, key) => ({ [key]: inner }), {});
}

/** Whether a client of these capabilities can be asked anything at all. */
export function canAnswer(capabilities: string): boolean {
  return /"(?:sampling|elicitation|roots)"\s*:/.test(capabilities);
}
