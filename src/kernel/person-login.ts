import type { GatewayId } from './ids.js';

/** What the authorization server of one Gateway gave the gateway for one person. */
export interface PersonLogin {
  /** SHA-256 of Gateway and person, base64url: there is one of each pair. */
  readonly id: string;
  readonly gatewayId: GatewayId;
  readonly principalHash: string;
  /** Sealed JSON (label `secrets`, AAD `gateway:<id>:login:<principalHash>`). */
  readonly loginSealed: string;
  /** +1 with every write: who writes says which one it has read. */
  readonly revision: number;
  /** When the person logged in first, ISO 8601 UTC. */
  readonly since: string;
  readonly updatedAt: string;
}
