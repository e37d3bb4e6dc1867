import { Injectable } from '@nestjs/common';
import type { Call } from '../kernel/call.js';
import { requirePermission } from '../auth/access.js';
import { Limiter } from '../limits/limiter.js';
import { rateLimitHeaders, requireAllowed } from '../limits/refusal.js';
import type { MethodPolicy } from './methods/registry.js';

/** What every call passes before its handler: access by role, then the limiter (API.md §3.6). */
@Injectable()
export class PolicyChain {
  constructor(private readonly limiter: Limiter) {}

  /**
   * Refused calls do not count, so what the role forbids is looked at before a place is taken.
   * @returns headers that tell how much of the limit is left, if there is one
   * @throws GatewayError `forbidden`, `rate_limited`
   */
  pass(call: Call, policy: MethodPolicy): Readonly<Record<string, string>> | null {
    if (policy.permission !== 'any') requirePermission(call.caller, policy.permission);
    if (!policy.isLimited) return null;
    const decision = this.limiter.take(call.caller.limiterKey);
    if (decision.limit === 0) return null;
    requireAllowed(decision);
    return rateLimitHeaders(decision);
  }
}
