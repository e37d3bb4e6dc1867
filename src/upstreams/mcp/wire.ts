import type { Era } from '../../kernel/mcp.js';
import type { UpstreamRequest } from '../../kernel/upstream.js';
import { type Claimant, modernBody } from './claims.js';
import type { OpenOptions } from './connection.js';
import { requestBody } from './request-text.js';

/** How requests are written on a pipe, and whose rules hold for what comes back. */
export interface Wire {
  readonly era: Era;
  /** The request under an id of ours, whole. */
  body(id: number, request: UpstreamRequest): string;
}

export const LEGACY_WIRE: Wire = { era: 'legacy', body: requestBody };

export function modernWire(claimant: Claimant): Wire {
  return { era: 'modern', body: (id, request) => modernBody(id, request, claimant) };
}

/** The wire of a connection that is being opened. */
export function wireOf(options: Pick<OpenOptions, 'modern' | 'gateway' | 'clientInfo'>): Wire {
  return options.modern ? modernWire(options) : LEGACY_WIRE;
}
