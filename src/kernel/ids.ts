declare const brand: unique symbol;

/** A string that the compiler keeps apart from every other kind of string. */
export type Branded<K extends string> = string & { readonly [brand]: K };

export type GatewayId = Branded<'gateway'>;
export type ToolId = Branded<'tool'>;
export type ResourceId = Branded<'resource'>;
export type PromptId = Branded<'prompt'>;
export type ServerId = Branded<'server'>;
/** Names one call in logs, Trail and errors: process id and a counter, never a secret. */
export type CallId = Branded<'call'>;

const UUID = /^[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}$/i;

/**
 * Reads a UUID as API.md §1.1 allows it: 36 characters or 32 hex digits, any case.
 * @returns the 36-character lower-case form, or `undefined` when the text is no UUID
 */
export function parseUuid<T extends string>(text: string): T | undefined {
  if (!UUID.test(text)) return undefined;
  return uuidText(text.replaceAll('-', '').toLowerCase()) as T;
}

/** Writes 32 hex digits as the 36 characters of a UUID (RFC 9562 §4). */
export function uuidText(hex: string): string {
  return [
    hex.slice(0, 8),
    hex.slice(8, 12),
    hex.slice(12, 16),
    hex.slice(16, 20),
    hex.slice(20),
  ].join('-');
}
