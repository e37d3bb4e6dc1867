import { Injectable } from '@nestjs/common';
import type { Call } from '../../../kernel/call.js';
import { GatewayError } from '../../../kernel/errors.js';
import type { UpstreamReply } from '../../../kernel/upstream.js';
import { Meters } from '../../../platform/metrics/meters.js';
import { Legs, type Upward } from '../../legs.js';
import { canAnswer } from './declared.js';
import { readAnswers } from './input-answers.js';
import { ParkedCall } from './parked-call.js';
import { type Park, Parks } from './parks.js';
import { inputRequiredText } from './question.js';
import { StateSeals } from './state-seals.js';

/** Methods whose answer may be questions (26 Multi Round-Trip Requests §Supported Requests). */
const MAY_ASK: ReadonlySet<string> = new Set(['tools/call', 'prompts/get', 'resources/read']);

/** A Call of a modern client with what it is for. */
interface Asked {
  readonly call: Call;
  readonly up: Upward;
}

/** Sends the calls of modern clients; those that ask back are parked between rounds (PROTOCOL.md §5.4). */
@Injectable()
export class ModernClients {
  constructor(
    private readonly legs: Legs,
    private readonly seals: StateSeals,
    private readonly parks: Parks,
    private readonly meters: Meters,
  ) {}

  send(call: Call, up: Upward): Promise<UpstreamReply> {
    if (!MAY_ASK.has(call.message.method)) return this.legs.send(call, up);
    const sealed = call.message.params?.raw('requestState');
    if (sealed !== undefined) return this.resume({ call, up }, stringIn(sealed));
    return this.first(call, up);
  }

  private first(call: Call, up: Upward): Promise<UpstreamReply> {
    if (!canAnswer(call.client.capabilities)) return this.legs.send(call, up);
    const parked = new ParkedCall(call.client.capabilities, this.meters);
    parked.follow(this.legs.send(call, up, parked));
    return this.attend({ call, up }, parked, null);
  }

  private async resume(asked: Asked, sealed: string): Promise<UpstreamReply> {
    const { call, up } = asked;
    const state = this.seals.open(call, up.name, sealed);
    if (state.kind !== 'park') return this.first(call, up);
    const park = this.parks.waiting(state.handle, state.round);
    const { parked } = park;
    const answers = readAnswers(call.message.params?.raw('inputResponses'), parked.questions);
    this.parks.take(park);
    for (const [key, result] of answers) parked.answer(key, result);
    if (parked.questions.size > 0) return this.ask(asked, park);
    return this.attend(asked, parked, park);
  }

  /** One round: to the upstream's answer, or to its questions. */
  private async attend(
    asked: Asked,
    parked: ParkedCall,
    park: Park | null,
  ): Promise<UpstreamReply> {
    const { call } = asked;
    let reply: UpstreamReply | null;
    try {
      reply = await parked.attend(call, this.legs.stream(call));
    } catch (e) {
      if (park !== null) this.parks.remove(park);
      throw e;
    }
    if (reply === null) return this.ask(asked, park ?? this.opened(call, parked));
    if (park !== null) this.parks.remove(park);
    return reply;
  }

  private opened(call: Call, parked: ParkedCall): Park {
    try {
      return this.parks.add(parked, call.caller.limiterKey);
    } catch (e) {
      parked.abort.abort('too many calls wait for answers');
      throw e;
    }
  }

  /** Hands the open questions to the client. */
  private ask({ call, up }: Asked, park: Park): UpstreamReply {
    try {
      this.parks.wait(park);
    } catch (e) {
      this.parks.end(park, 'asked too often');
      throw e;
    }
    const { handle, round, parked } = park;
    const state = this.seals.seal(call, up.name, { kind: 'park', handle, round });
    const entries = Array.from(parked.questions, ([key, { request }]) => [key, request] as const);
    return { result: inputRequiredText(entries, state), era: 'modern' };
  }
}

function stringIn(raw: string): string {
  const value: unknown = JSON.parse(raw);
  if (typeof value !== 'string') throw new GatewayError('request_state_invalid');
  return value;
}
