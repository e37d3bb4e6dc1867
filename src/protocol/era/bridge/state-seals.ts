import { createHash } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import type { Call } from '../../../kernel/call.js';
import { canonicalJson } from '../../../kernel/canonical-json.js';
import { GatewayError } from '../../../kernel/errors.js';
import type { GatewayId } from '../../../kernel/ids.js';
import { Sealer } from '../../../platform/crypto/sealer.js';

/** What a `requestState` of ours stands for. */
export type BridgeState =
  /** A Call that waits in this process with its upstream's request open. */
  | { readonly kind: 'park'; readonly handle: string; readonly round: number }
  /** A modern upstream's own `requestState`, as the JSON text it was. */
  | { readonly kind: 'relay'; readonly gatewayId: GatewayId; readonly state: string }
  /** Nothing waits: the Call is to be sent again. */
  | { readonly kind: 'anew' }
  /** As `anew`, once the person has logged in to the upstream: that was all that was asked. */
  | { readonly kind: 'login' };

const LABEL = 'state';
/** A person's time to answer (PROTOCOL.md §5.10). */
const LIFE_SECONDS = 600;

/**
 * Seals the `requestState` that modern clients carry between the legs of a Call (PROTOCOL.md §5.10).
 * It opens only for the same principal, Server, method, target and arguments: these are the additional
 * data of the cipher, so that every mismatch fails in the one way a changed byte does.
 */
@Injectable()
export class StateSeals {
  constructor(private readonly sealer: Sealer) {}

  /** @param target the shown name or URI that the Call is for */
  seal(call: Call, target: string, state: BridgeState): string {
    const until = Math.floor(Date.now() / 1000) + LIFE_SECONDS;
    return this.sealer.seal(LABEL, JSON.stringify([until, state]), binding(call, target));
  }

  /** @throws GatewayError `request_state_invalid`, whatever is wrong with it */
  open(call: Call, target: string, sealed: string): BridgeState {
    const text = this.sealer.open(LABEL, sealed, binding(call, target));
    if (text === undefined) throw new GatewayError('request_state_invalid');
    const [until, state] = JSON.parse(text) as [number, BridgeState];
    if (Date.now() / 1000 > until) throw new GatewayError('request_state_invalid');
    return state;
  }
}

function binding(call: Call, target: string): string {
  const given: unknown = JSON.parse(call.message.params?.raw('arguments') ?? '{}');
  const digest = createHash('sha256').update(canonicalJson(given)).digest('base64url');
  const { method } = call.message;
  return JSON.stringify([call.caller.principalHash, call.serverId, method, target, digest]);
}
