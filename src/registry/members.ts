import type { Gateway, Server } from '../kernel/catalog.js';
import type { Snapshot } from './catalog.snapshot.js';
import type { PromptRow, ResourceRow, ToolRow } from './rows.js';
import { EVERYTHING, type Visibility } from './visibility.js';

/** The items of a view, before names and states. */
export interface Members {
  /** Those the names depend on, whoever looks. */
  readonly allTools: readonly ToolRow[];
  readonly allPrompts: readonly PromptRow[];
  readonly tools: readonly ToolRow[];
  readonly prompts: readonly PromptRow[];
  readonly resources: readonly ResourceRow[];
  readonly gateways: readonly Gateway[];
}

export function chooseMembers(
  snapshot: Snapshot,
  visibility: Visibility,
  server: Server | null,
): Members {
  const chosen = choice(snapshot, visibility, server);
  const allTools = chosen
    ? pick(
        snapshot.tools,
        chosen.flatMap((s) => s.toolIds),
        server,
      )
    : [...snapshot.tools.values()];
  const allPrompts = chosen
    ? pick(
        snapshot.prompts,
        chosen.flatMap((s) => s.promptIds),
        server,
      )
    : [...snapshot.prompts.values()];
  const resources = chosen
    ? pick(
        snapshot.resources,
        chosen.flatMap((s) => s.resourceIds),
        server,
      )
    : [...snapshot.resources.values()];
  const tools =
    visibility.key === EVERYTHING.key
      ? allTools
      : allTools.filter((row) => visibility.tool(row.item));
  return {
    allTools,
    allPrompts,
    tools,
    prompts: allPrompts,
    resources,
    gateways:
      chosen || visibility.key !== EVERYTHING.key
        ? gatewaysOf(snapshot, [...tools, ...allPrompts, ...resources])
        : [...snapshot.gateways.values()].filter((g) => g.enabled),
  };
}

/** The Servers whose members are looked at; `null` = everything. */
function choice(
  snapshot: Snapshot,
  visibility: Visibility,
  server: Server | null,
): readonly Server[] | null {
  if (server) return [server];
  if (!visibility.isBoundToServers) return null;
  return [...snapshot.servers.values()].filter((s) => s.enabled && visibility.server(s));
}

/** In the owner's order for one Server, in the Snapshot's for several. */
function pick<Id, Row>(
  rows: ReadonlyMap<Id, Row>,
  ids: readonly Id[],
  server: Server | null,
): readonly Row[] {
  const wanted = new Set(ids);
  if (!server) return [...rows].filter(([id]) => wanted.has(id)).map(([, row]) => row);
  return [...wanted].map((id) => rows.get(id)).filter((row) => row !== undefined);
}

function gatewaysOf(
  snapshot: Snapshot,
  rows: readonly { readonly gateway: Gateway }[],
): readonly Gateway[] {
  const used = new Set(rows.map((row) => row.gateway.id));
  return [...snapshot.gateways.values()].filter((g) => g.enabled && used.has(g.id));
}
