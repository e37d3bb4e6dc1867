import {
  capabilitiesText,
  fitExtensions,
  readCapabilities,
} from '../../kernel/client-capabilities.js';
import { findMembers } from '../../kernel/json-scan.js';

/** Sealed ids stay below 1 KiB: what a client says of itself is cut before that. */
const MAX_EXTENSIONS = 224;
const MAX_NAME = 64;

/**
 * Client capabilities as they are sealed, as JSON text: known members, and extensions verbatim.
 * @param raw the client's `capabilities` as JSON text
 * @param dropped takes the names of extensions that are too large to be sealed
 */
export function bridgedCapabilities(
  raw: string | undefined,
  dropped: (names: readonly string[]) => void = () => undefined,
): string {
  const fitted = fitExtensions(readCapabilities(raw), MAX_EXTENSIONS);
  if (fitted.dropped.length > 0) dropped(fitted.dropped);
  return capabilitiesText(fitted.set);
}

/** `clientInfo` cut to name and version. */
export function shortClientInfo(raw: string | undefined): string {
  const given = findMembers(raw);
  const short = (key: string): string => (given?.string(key) ?? 'unknown').slice(0, MAX_NAME);
  return JSON.stringify({ name: short('name'), version: short('version') });
}
