import type { ServerId } from '../../kernel/ids.js';
import { type Revision, isRevision } from '../../kernel/mcp.js';

/** What any replica needs to serve a legacy session; all of it is sealed into the id. */
export interface SessionClaims {
  /** 128 random bits, hex: names the session inside the gateway. */
  readonly randomId: string;
  readonly principalHash: string;
  readonly serverId: ServerId | null;
  readonly revision: Revision;
  /** Client capabilities that are bridged, as JSON text. */
  readonly capabilities: string;
  /** `clientInfo` as JSON text. */
  readonly clientInfo: string;
  /** Seconds since 1970. */
  readonly issuedAt: number;
}

export const SESSION_LABEL = 'session';
const PREFIX = 'mg1.';
/** An id is opened only up to this length (PROTOCOL.md §3.1). */
const MAX_ID_LENGTH = 4096;
export const MAX_SESSION_AGE_SECONDS = 7 * 86_400;

export function encodeClaims(claims: SessionClaims): string {
  const { randomId, principalHash, serverId, revision, capabilities, clientInfo, issuedAt } =
    claims;
  return JSON.stringify([
    randomId,
    principalHash,
    serverId,
    revision,
    capabilities,
    clientInfo,
    issuedAt,
  ]);
}

export function decodeClaims(text: string): SessionClaims | undefined {
  const [randomId, principalHash, serverId, revision, capabilities, clientInfo, issuedAt] =
    JSON.parse(text) as [string, string, ServerId | null, string, string, string, number];
  if (!isRevision(revision)) return undefined;
  return { randomId, principalHash, serverId, revision, capabilities, clientInfo, issuedAt };
}

export function toSessionId(sealed: string): string {
  return PREFIX + sealed;
}

/** @returns the sealed part, or `undefined` when this cannot be one of our ids */
export function sealedPart(id: string): string | undefined {
  return id.length <= MAX_ID_LENGTH && id.startsWith(PREFIX) ? id.slice(PREFIX.length) : undefined;
}
