/** What the gateway offers every client, whatever its upstreams can do (PROTOCOL.md §5.3). */
export const OFFERED = {
  tools: { listChanged: true },
  prompts: { listChanged: true },
  resources: { subscribe: true, listChanged: true },
  logging: {},
  completions: {},
} as const;
