import type { Caller, Scopes } from '../kernel/caller.js';
import type { Server, Tool } from '../kernel/catalog.js';

/**
 * What the scopes of a Caller let through (API.md §6.4): one decision for lists, calls and the API, so that
 * what is hidden is also not callable (SECURITY.md S20).
 */
export interface Visibility {
  /** Equal for Callers who see the same; `*` = everything. */
  readonly key: string;
  server(server: Server): boolean;
  tool(tool: Tool): boolean;
  /** Whether only members of visible Servers are visible. */
  readonly isBoundToServers: boolean;
}

/** What Callers without scopes see, and those without a credential where they are let in. */
export const EVERYTHING: Visibility = {
  key: '*',
  server: () => true,
  tool: () => true,
  isBoundToServers: false,
};

export function visibilityOf(caller: Caller): Visibility {
  const scopes: Scopes = caller.scopes ?? {};
  const servers = new Set(scopes.servers ?? []);
  const tools = scopes.tools ?? [];
  if (servers.size === 0 && tools.length === 0) return EVERYTHING;
  const exact = new Set(tools);
  const globs = tools.filter((tool) => tool.includes('*')).map((glob) => glob.split('*'));
  return {
    key: caller.visibility,
    isBoundToServers: servers.size > 0,
    server: (server) => servers.size === 0 || servers.has(server.id) || servers.has(server.name),
    tool: (tool) =>
      tools.length === 0 ||
      exact.has(tool.id) ||
      exact.has(tool.name) ||
      globs.some((parts) => fits(parts, tool.name)),
  };
}

/** Glob match, `*` only, without backtracking: each part at its first place, the last at the end. */
function fits(parts: readonly string[], text: string): boolean {
  const first = parts[0] ?? '';
  const last = parts[parts.length - 1] ?? '';
  if (!text.startsWith(first)) return false;
  let at = first.length;
  for (const part of parts.slice(1, -1)) {
    const found = text.indexOf(part, at);
    if (found < 0) return false;
    at = found + part.length;
  }
  return text.length - last.length >= at && text.endsWith(last);
}
