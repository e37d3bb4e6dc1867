import { GatewayError } from '../kernel/errors.js';
import { type Decision, WINDOW_MS } from './limiter.js';

/** `X-RateLimit-*` of a decision (API.md §1.10); empty while no limit is on. */
export function rateLimitHeaders(decision: Decision): Record<string, string> {
  if (decision.limit === 0) return {};
  return {
    'X-RateLimit-Limit': String(decision.limit),
    'X-RateLimit-Remaining': String(decision.remaining),
    'X-RateLimit-Reset': String(decision.resetEpochSeconds),
  };
}

/** @throws GatewayError `rate_limited` with `Retry-After` and the headers of the limit */
export function requireAllowed(decision: Decision): void {
  if (decision.allowed) return;
  const { limit, retryAfterSeconds } = decision;
  throw new GatewayError(
    'rate_limited',
    { limit },
    {
      retryAfterSeconds,
      data: { limit, windowSeconds: WINDOW_MS / 1_000 },
      headers: rateLimitHeaders(decision),
    },
  );
}
