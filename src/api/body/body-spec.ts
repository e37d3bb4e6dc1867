/** How the body of a route is read: which class it fills, and under which other names fields come. */
export interface BodySpec<T extends object> {
  /** Its decorated properties are the only keys that are ever bound (SECURITY.md S24). */
  readonly shape: new () => T;
  /** `{"gateway": {…}}` equals the flat body (API.md §1.2). */
  readonly wrapper?: string;
  /** Fields that must be there. The first tells a flat body from a wrapped one. */
  readonly required?: readonly string[];
  /** Other names of fields, in camelCase. */
  readonly aliases?: Readonly<Record<string, string>>;
  /** Members whose own members count as if they stood outside: `auth: {authType}`. */
  readonly flatten?: readonly string[];
}

/** Fields of answers that clients send back; ignored without a word (API.md §1.2, `RO`). */
export const READ_ONLY: ReadonlySet<string> = new Set([
  'associatedA2aAgents',
  'authValue',
  'capabilities',
  'createdAt',
  'createdBy',
  'createdFromIp',
  'createdUserAgent',
  'createdVia',
  'customNameSlug',
  'enabled',
  'endpoints',
  'executionCount',
  'federationSource',
  'gatewayId',
  'gatewaySlug',
  'id',
  'importBatchId',
  'instructions',
  'integrationType',
  'isActive',
  'isPeer',
  'lastError',
  'lastRefreshAt',
  'lastSeen',
  'metrics',
  'missingItems',
  'modifiedBy',
  'modifiedFromIp',
  'modifiedUserAgent',
  'modifiedVia',
  'originalDescription',
  'originalName',
  'ownerEmail',
  'promptCount',
  'protocolEra',
  'protocolVersion',
  'reachable',
  'requestType',
  'resourceCount',
  'serverInfo',
  'skippedItems',
  'skippedTools',
  'slug',
  'status',
  'statusMessage',
  'team',
  'teamId',
  'toolCount',
  'updatedAt',
  'version',
  'warnings',
]);
