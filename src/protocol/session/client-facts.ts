import {
  capabilitiesText,
  fitExtensions,
  readCapabilities,
} from '../../kernel/client-capabilities.js';
import { findMembers } from '../../kernel/json-scan.js';

/** Names and settings of extensions, in bytes: sealed ids stay below 1 KiB. */
export const MAX_SEALED_EXTENSIONS = 224;
/** Where nothing is sealed. */
export const MAX_EXTENSIONS = 2048;
const MAX_NAME = 64;

/**
 * Client capabilities as they are kept, as JSON text: known members, and extensions verbatim.
 * @param raw the client's `capabilities` as JSON text
 * @param maxExtensions one of the bounds above
 * @param dropped takes the names of extensions beyond it
 */
export function bridgedCapabilities(
  raw: string | undefined,
  maxExtensions: number,
  dropped: (names: readonly string[]) => void = () => undefined,
): string {
  const fitted = fitExtensions(readCapabilities(raw), maxExtensions);
  if (fitted.dropped.length > 0) dropped(fitted.dropped);
  return capabilitiesText(fitted.set);
}

/** `clientInfo` cut to name and version. */
export function shortClientInfo(raw: string | undefined): string {
  const given = findMembers(raw);
  const short = (key: string): string => (given?.string(key) ?? 'unknown').slice(0, MAX_NAME);
  return JSON.stringify({ name: short('name'), version: short('version') });
}
