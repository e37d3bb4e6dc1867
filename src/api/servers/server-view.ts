import type { Prompt, Resource, Server, Tool } from '../../kernel/catalog.js';
import { commonView, type View } from '../../registry/views/common-view.js';

/** The members that may be shown, and the rest. */
export interface ServerMembers {
  readonly tools: readonly Tool[];
  readonly resources: readonly Resource[];
  readonly prompts: readonly Prompt[];
  /** `{kind, id, name}` whose record is gone. */
  readonly missing: readonly unknown[];
}

/** A Server as it leaves (API.md §2.5). @param base address of this gateway without trailing slash */
export function serverView(server: Server, members: ServerMembers, base: string): View {
  const { tools, resources, prompts } = members;
  return {
    id: server.id,
    name: server.name,
    description: server.description,
    icon: server.icon,
    instructions: server.instructions,
    associatedTools: tools.map((tool) => tool.name),
    associatedToolIds: tools.map((tool) => tool.id),
    associatedResources: resources.map((resource) => resource.id),
    associatedResourceUris: resources.map((resource) => resource.uri),
    associatedPrompts: prompts.map((prompt) => prompt.id),
    associatedPromptNames: prompts.map((prompt) => prompt.name),
    associatedA2aAgents: [],
    nameMode: server.nameMode,
    maxCallsPerMinute: server.maxCallsPerMinute,
    missingItems: members.missing,
    endpoints: endpointsOf(`${base}/servers/${server.id}`),
    ...commonView(server),
  };
}

/** @param address of the Server, http or https */
function endpointsOf(address: string): View {
  return {
    mcp: `${address}/mcp`,
    sse: `${address}/sse`,
    message: `${address}/message`,
    ws: `${address.replace(/^http/, 'ws')}/ws`,
  };
}
