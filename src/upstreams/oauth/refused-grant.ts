import { GatewayError } from '../../kernel/errors.js';

/** Whoever refuses a refresh token with these will do so again (RFC 6749 §5.2, RFC 8707 §2). */
const FINAL: ReadonlySet<unknown> = new Set([
  'invalid_grant',
  'invalid_request',
  'invalid_scope',
  'invalid_target',
  'unsupported_grant_type',
]);

/** Whether an authorization server has refused by name what it was asked for. */
export function refusesGrant(error: unknown): boolean {
  const { cause } = error instanceof GatewayError ? error.extras : {};
  return cause instanceof Error && FINAL.has((cause as Error & { code?: unknown }).code);
}
