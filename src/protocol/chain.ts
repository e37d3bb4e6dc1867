import { Injectable } from '@nestjs/common';
import type { Call } from '../kernel/call.js';
import { type ErrorCode, GatewayError } from '../kernel/errors.js';
import { requirePermission } from '../auth/access.js';
import { type Decision, Limiter } from '../limits/limiter.js';
import { requireAllowed } from '../limits/refusal.js';
import type { MethodPolicy } from './methods/registry.js';

const NOT_ACCEPTED: ReadonlySet<ErrorCode> = new Set<ErrorCode>(['rate_limited', 'overloaded']);

/** What every call passes before its handler: access by role, then the limiter (API.md §3.6). */
@Injectable()
export class PolicyChain {
  constructor(private readonly limiter: Limiter) {}

  /**
   * Refused calls do not count, so what the role forbids is looked at before a place is taken.
   * @returns what the limiter gave, if there is a limit
   * @throws GatewayError `forbidden`, `rate_limited`
   */
  pass(call: Call, policy: MethodPolicy): Decision | null {
    if (policy.permission !== 'any') requirePermission(call.caller, policy.permission);
    if (!policy.isLimited) return null;
    const decision = this.limiter.take(call.caller.limiterKey);
    if (decision.limit === 0) return null;
    requireAllowed(decision);
    return decision;
  }

  /** The call did not come through behind the chain: a limit of its own, or no room. */
  refused(call: Call, given: Decision, error: unknown): void {
    if (error instanceof GatewayError && NOT_ACCEPTED.has(error.code))
      this.limiter.giveBack(call.caller.limiterKey, given);
  }
}
