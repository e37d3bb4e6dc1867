import type { Members } from '../../kernel/json-members.js';
import { scanJson } from '../../kernel/json-scan.js';
import { JsonScanError } from '../../kernel/json-tokens.js';

/** The client capabilities that cross to a legacy upstream; others are not offered upwards. */
const BRIDGED = ['elicitation', 'roots', 'sampling'] as const;
/** Sealed ids stay below 1 KiB: what a client says of itself is cut before that. */
const MAX_CAPABILITIES = 384;
const MAX_NAME = 64;

/**
 * Client capabilities in one form for equal sets, as JSON text: they are part of pool keys.
 * @param raw the client's `capabilities` as JSON text
 */
export function bridgedCapabilities(raw: string | undefined): string {
  const given = membersOf(raw);
  if (given === null) return '{}';
  const kept = BRIDGED.flatMap((name) => {
    const value = given.raw(name);
    return value?.startsWith('{') === true ? [`"${name}":${compact(value)}`] : [];
  });
  const text = `{${kept.join(',')}}`;
  return text.length <= MAX_CAPABILITIES
    ? text
    : `{${kept.map((k) => k.replace(/:.*/s, ':{}')).join(',')}}`;
}

/** `clientInfo` cut to name and version. */
export function shortClientInfo(raw: string | undefined): string {
  const given = membersOf(raw);
  const short = (key: string): string => (given?.string(key) ?? 'unknown').slice(0, MAX_NAME);
  return JSON.stringify({ name: short('name'), version: short('version') });
}

function membersOf(raw: string | undefined): Members | null {
  if (raw?.startsWith('{') !== true) return null;
  try {
    return scanJson(raw).top;
  } catch (e) {
    if (e instanceof JsonScanError) return null;
    throw e;
  }
}

/** The same value without blanks; capabilities are small and hold no numbers that could change. */
function compact(json: string): string {
  return JSON.stringify(JSON.parse(json));
}
