import type { Call } from '../../../kernel/call.js';
import { GatewayError } from '../../../kernel/errors.js';
import type { UpstreamReply } from '../../../kernel/upstream.js';
import type { Upward } from '../../legs.js';
import { missingFor } from './declared.js';
import { type InputRequired, readInputRequired } from './input-required.js';
import type { StateSeals } from './state-seals.js';
import { taskResult } from './task-results.js';
import type { TaskSeals } from './task-seals.js';

/** Methods whose answer may be questions (26 Multi Round-Trip Requests §Supported Requests). */
export const MAY_ASK: ReadonlySet<string> = new Set([
  'tools/call',
  'prompts/get',
  'resources/read',
]);

/** A Call of a modern client with what it is for. */
export interface Asked {
  readonly call: Call;
  readonly up: Upward;
}

export interface Seals {
  readonly states: StateSeals;
  readonly tasks: TaskSeals;
}

/**
 * What a modern upstream answered, for a modern client: its questions as they are, its state sealed
 * for the way there and back (PROTOCOL.md §5.6). Nothing is kept here.
 * @throws GatewayError `unanswerable` when it asks what the client did not offer
 */
export function relayed({ call, up }: Asked, reply: UpstreamReply, seals: Seals): UpstreamReply {
  if (reply.era === 'legacy') return reply;
  const required = readInputRequired(reply.result);
  if (required === null)
    return { result: taskResult(call, up.gateway.id, reply.result, seals.tasks), era: 'modern' };
  checkOffered(call, required);
  const { state, members } = required;
  if (state === undefined) return reply;
  const sealed = seals.states.seal(call, up.name, {
    kind: 'relay',
    gatewayId: up.gateway.id,
    state,
  });
  const rest = members.without('requestState');
  return { result: `{${rest},"requestState":${JSON.stringify(sealed)}}`, era: 'modern' };
}

function checkOffered({ client, message }: Call, { requests }: InputRequired): void {
  const mayAsk = MAY_ASK.has(message.method);
  for (const { method, params } of requests)
    if (!mayAsk || missingFor(client.capabilities, method, params) !== null)
      throw new GatewayError('unanswerable', {
        reason: `Upstream asked '${method}', which the client of this request did not offer`,
      });
}
