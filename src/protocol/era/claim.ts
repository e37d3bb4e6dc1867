import type { ClientView } from '../../kernel/call.js';
import type { Members } from '../../kernel/json-members.js';
import { scanJson } from '../../kernel/json-scan.js';
import { MAX_JSON_DEPTH } from '../../kernel/jsonrpc.js';
import { CLAIM, type LogLevel, type ModernRevision, isLogLevel } from '../../kernel/mcp.js';
import { bridgedCapabilities, MAX_EXTENSIONS, shortClientInfo } from '../session/client-facts.js';

/** Capabilities with a form of their own: objects whose members named here are objects too. */
const KNOWN: Readonly<Record<string, readonly string[]>> = {
  sampling: ['context', 'tools'],
  elicitation: ['form', 'url'],
  roots: [],
};
/** Capabilities that are tables of settings, each an object. */
const TABLES = ['experimental', 'extensions'];

/**
 * What is wrong with the claim of a request (26 Overview §_meta).
 * @returns the key and the fault in words; `null` for a sound one
 */
export function claimFault(meta: Members): string | null {
  const capabilities = meta.raw(CLAIM.clientCapabilities);
  if (capabilities === undefined) return `${CLAIM.clientCapabilities} is missing`;
  if (meta.string(CLAIM.protocolVersion) === undefined)
    return `${CLAIM.protocolVersion} must be a string`;
  return capabilityFault(capabilities) ?? optionalFault(meta);
}

function capabilityFault(raw: string): string | null {
  if (raw === '{}') return null;
  const given = membersOf(raw);
  if (given === null) return `${CLAIM.clientCapabilities} must be an object`;
  for (const [name, inner] of Object.entries(KNOWN)) {
    const value = given.raw(name);
    if (value === undefined) continue;
    const members = membersOf(value);
    if (members === null || inner.some((key) => isOther(members.raw(key))))
      return `${CLAIM.clientCapabilities}.${name} is malformed`;
  }
  for (const name of TABLES) {
    const value = given.raw(name);
    if (value === undefined) continue;
    const table = membersOf(value);
    if (table?.names().some((key) => isOther(table.raw(key))) !== false)
      return `${CLAIM.clientCapabilities}.${name} is malformed`;
  }
  return null;
}

function optionalFault(meta: Members): string | null {
  const info = meta.raw(CLAIM.clientInfo);
  if (info !== undefined) {
    const members = membersOf(info);
    if (members?.string('name') === undefined || members.string('version') === undefined)
      return `${CLAIM.clientInfo} needs a name and a version`;
  }
  if (meta.has(CLAIM.logLevel) && !isLogLevel(meta.string(CLAIM.logLevel)))
    return `${CLAIM.logLevel} is no log level`;
  const token = meta.raw('progressToken');
  if (token !== undefined && !token.startsWith('"') && !Number.isSafeInteger(Number(token)))
    return 'progressToken must be a string or an integer';
  return null;
}

function isOther(raw: string | undefined): boolean {
  return raw?.startsWith('{') === false;
}

function membersOf(raw: string): Members | null {
  return raw.startsWith('{') ? scanJson(raw, { maxDepth: MAX_JSON_DEPTH }).top : null;
}

/** Clients repeat themselves with every request; what they say is read once. */
const capabilitiesSeen = new Map<string, string>();
const infosSeen = new Map<string, string>();
const MAX_SEEN = 500;
const MAX_SEEN_LENGTH = 2_048;

function once(
  seen: Map<string, string>,
  raw: string,
  read: (raw: string | undefined) => string,
): string {
  const before = seen.get(raw);
  if (before !== undefined) return before;
  const value = read(raw);
  if (raw.length > MAX_SEEN_LENGTH) return value;
  if (seen.size >= MAX_SEEN) seen.clear();
  seen.set(raw, value);
  return value;
}

function claimedCapabilities(raw: string | undefined): string {
  return bridgedCapabilities(raw, MAX_EXTENSIONS);
}

/** The client behind a sound claim: everything it says stands in the request. */
export function clientOf(meta: Members, revision: ModernRevision): ClientView {
  const capabilities = meta.raw(CLAIM.clientCapabilities) ?? '{}';
  const info = meta.raw(CLAIM.clientInfo);
  return {
    era: 'modern',
    revision,
    sessionId: null,
    capabilities:
      capabilities === '{}' ? '{}' : once(capabilitiesSeen, capabilities, claimedCapabilities),
    clientInfo: info === undefined ? null : once(infosSeen, info, shortClientInfo),
    logLevel: (meta.string(CLAIM.logLevel) as LogLevel | undefined) ?? null,
  };
}
