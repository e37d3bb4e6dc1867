import type { Actor } from './caller.js';
import type { AuditMetadata } from './catalog.js';

const MAX_PRINCIPAL = 255;
const MAX_USER_AGENT = 512;

type Modified = Pick<
  AuditMetadata,
  'updatedAt' | 'modifiedBy' | 'modifiedFromIp' | 'modifiedVia' | 'modifiedUserAgent' | 'version'
>;

/**
 * The audit metadata of a record that is made now (API.md §7.1). Nobody has modified it yet.
 * @param extra what the record knows besides the actor: the Gateway it came from
 */
export function createdStamp(
  actor: Actor,
  now: Date,
  extra: { readonly federationSource?: string | null } = {},
): AuditMetadata {
  const at = now.toISOString();
  return {
    createdAt: at,
    createdBy: actor.principal.slice(0, MAX_PRINCIPAL),
    createdFromIp: actor.ip,
    createdVia: actor.via,
    createdUserAgent: actor.userAgent?.slice(0, MAX_USER_AGENT) ?? null,
    updatedAt: at,
    modifiedBy: null,
    modifiedFromIp: null,
    modifiedVia: null,
    modifiedUserAgent: null,
    importBatchId: actor.importBatchId ?? null,
    federationSource: extra.federationSource ?? null,
    version: 1,
  };
}

/** The members that change with an update of user data; the version counts up (API.md §1.8). */
export function modifiedStamp(
  actor: Actor,
  now: Date,
  current: Pick<AuditMetadata, 'version'>,
): Modified {
  return {
    updatedAt: now.toISOString(),
    modifiedBy: actor.principal.slice(0, MAX_PRINCIPAL),
    modifiedFromIp: actor.ip,
    modifiedVia: actor.via,
    modifiedUserAgent: actor.userAgent?.slice(0, MAX_USER_AGENT) ?? null,
    version: current.version + 1,
  };
}
