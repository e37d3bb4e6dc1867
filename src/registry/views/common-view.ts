import type { AuditMetadata, JsonObject } from '../../kernel/catalog.js';

interface CommonRecord extends AuditMetadata {
  readonly id: string;
  readonly enabled: boolean;
  readonly tags: readonly string[];
  readonly meta: JsonObject;
}

export type View = Readonly<Record<string, unknown>>;

/** The fields that all five kinds share (API.md §2.1, §7.1). */
export function commonView(record: CommonRecord): View {
  return {
    enabled: record.enabled,
    tags: record.tags,
    visibility: 'public',
    teamId: null,
    team: null,
    ownerEmail: record.createdBy,
    _meta: record.meta,
    version: record.version,
    createdAt: record.createdAt,
    createdBy: record.createdBy,
    createdFromIp: record.createdFromIp,
    createdVia: record.createdVia,
    createdUserAgent: record.createdUserAgent,
    updatedAt: record.updatedAt,
    modifiedBy: record.modifiedBy,
    modifiedFromIp: record.modifiedFromIp,
    modifiedVia: record.modifiedVia,
    modifiedUserAgent: record.modifiedUserAgent,
    importBatchId: record.importBatchId,
    federationSource: record.federationSource,
  };
}
