import { createHash } from 'node:crypto';
import type { Scopes } from '../kernel/caller.js';
import { compileNetworks, type Networks } from './networks.js';

/** The scopes of a token, with its address ranges ready to match. */
export interface ParsedScopes {
  readonly scopes: Scopes | null;
  readonly networks: Networks | null;
}

const NO_SCOPES: ParsedScopes = { scopes: null, networks: null };
/** Restrictions that are not enforced here: a token that relies on them is refused, not widened. */
const UNSUPPORTED = ['time_restrictions', 'usage_limits'] as const;
const MAX_ENTRIES = 1_000;

/**
 * Reads the `scopes` claim (API.md §6.1, §6.4).
 * @returns `undefined` when it is malformed, or narrows in a way that is not enforced
 */
export function parseScopes(claim: unknown): ParsedScopes | undefined {
  if (claim === undefined || claim === null) return NO_SCOPES;
  if (typeof claim !== 'object' || Array.isArray(claim)) return undefined;
  const source = claim as Record<string, unknown>;
  if (UNSUPPORTED.some((key) => !isEmpty(source[key]))) return undefined;
  const lists = {
    servers: list(source, 'servers', 'server_id'),
    tools: list(source, 'tools'),
    permissions: list(source, 'permissions'),
    ipRestrictions: list(source, 'ip_restrictions', 'ip_allow'),
  };
  const entries = Object.entries(lists).filter(([, entry]) => entry?.length !== 0);
  if (entries.some(([, entry]) => entry === undefined)) return undefined;
  if (entries.length === 0) return NO_SCOPES;
  const scopes = Object.freeze(Object.fromEntries(entries) as Scopes);
  if (scopes.ipRestrictions === undefined) return { scopes, networks: null };
  const networks = compileNetworks(scopes.ipRestrictions);
  return networks === undefined ? undefined : { scopes, networks };
}

/** The entries of all the given keys together; `undefined` when one is not text or a list of texts. */
function list(source: Record<string, unknown>, ...keys: string[]): readonly string[] | undefined {
  const found = new Set<string>();
  for (const key of keys) {
    const value = source[key];
    if (value === undefined || value === null) continue;
    const entries: readonly unknown[] = Array.isArray(value) ? value : [value];
    for (const entry of entries) {
      if (typeof entry !== 'string' || entry === '') return undefined;
      found.add(entry);
    }
  }
  return found.size > MAX_ENTRIES ? undefined : Object.freeze([...found]);
}

function isEmpty(value: unknown): boolean {
  if (value === undefined || value === null) return true;
  return typeof value === 'object' && Object.keys(value).length === 0;
}

/** Equal for scopes that show the same catalog: `*` unless Servers or tools are narrowed. */
export function visibilityOf(scopes: Scopes | null): string {
  if (scopes?.servers === undefined && scopes?.tools === undefined) return '*';
  const text = JSON.stringify([sorted(scopes.servers), sorted(scopes.tools)]);
  return createHash('sha256').update(text).digest('base64url');
}

const sorted = (names: readonly string[] | undefined): readonly string[] =>
  [...(names ?? [])].sort();
