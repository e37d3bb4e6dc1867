import { Injectable } from '@nestjs/common';
import type { Call } from '../../../kernel/call.js';
import { GatewayError } from '../../../kernel/errors.js';
import type { UpstreamReply } from '../../../kernel/upstream.js';
import { Meters } from '../../../platform/metrics/meters.js';
import { Legs, type Upward } from '../../legs.js';
import { driveCoreTask } from './core-task-drive.js';
import { canAnswer, capabilityObject, missingFor } from './declared.js';
import { demandedUrls } from './demanded-urls.js';
import { GivenAhead } from './given-ahead.js';
import { readAnswers } from './input-answers.js';
import { answeringParams } from './input-required.js';
import { ParkedCall } from './parked-call.js';
import { type Park, Parks } from './parks.js';
import { inputRequiredText } from './question.js';
import { type Asked, MAY_ASK, type Seals, relayed } from './state-relay.js';
import { StateSeals } from './state-seals.js';
import { TaskSeals } from './task-seals.js';

/** Sends the calls of modern clients; those that ask back are parked between rounds (PROTOCOL.md §5.4). */
@Injectable()
export class ModernClients implements Seals {
  constructor(
    private readonly legs: Legs,
    readonly states: StateSeals,
    readonly tasks: TaskSeals,
    private readonly parks: Parks,
    private readonly meters: Meters,
  ) {}

  send(call: Call, up: Upward): Promise<UpstreamReply> {
    const asked = { call, up };
    if (!MAY_ASK.has(call.message.method)) return this.plain(asked);
    const sealed = call.message.params?.raw('requestState');
    if (sealed !== undefined) return this.resume(asked, stringIn(sealed));
    const responses = call.message.params?.raw('inputResponses');
    return up.gateway.era === 'modern' && responses !== undefined
      ? this.plain(answering(asked, responses, undefined))
      : this.first(asked);
  }

  private first(asked: Asked): Promise<UpstreamReply> {
    const { call, up } = asked;
    // A modern upstream asks in its answers; there is nothing to hold open for it.
    if (up.gateway.era === 'modern' || !canAnswer(call.client.capabilities))
      return this.plain(asked);
    const given = new GivenAhead(call.message.params?.raw('inputResponses'));
    const parked = new ParkedCall(call, given, this.meters, this.parks.room);
    parked.follow(
      up.task === 'follow'
        ? driveCoreTask(this.legs, call, up, parked)
        : this.legs.send(call, up, parked),
    );
    return this.attend(asked, parked, null);
  }

  /** A request that nobody can ask back on. */
  private async plain(asked: Asked): Promise<UpstreamReply> {
    const { call, up } = asked;
    try {
      const reply =
        up.task === 'follow'
          ? await driveCoreTask(this.legs, call, up, null)
          : await this.legs.send(call, up);
      return relayed(asked, reply, this);
    } catch (e) {
      return this.demanded(asked, e);
    }
  }

  private resume(asked: Asked, sealed: string): Promise<UpstreamReply> {
    const { call, up } = asked;
    const state = this.states.open(call, up.name, sealed);
    switch (state.kind) {
      case 'anew':
      case 'login':
        return this.first(asked);
      case 'park':
        return this.goOn(asked, this.parks.waiting(state.handle, state.round));
      case 'relay': {
        // The state means nothing to any other upstream, and may mean the wrong thing.
        if (state.gatewayId !== up.gateway.id) throw new GatewayError('request_state_invalid');
        const responses = call.message.params?.raw('inputResponses');
        return this.first(answering(asked, responses, state.state));
      }
    }
  }

  private goOn(asked: Asked, park: Park): Promise<UpstreamReply> {
    const { parked } = park;
    const given = asked.call.message.params?.raw('inputResponses');
    const answers = readAnswers(given, parked.questions);
    this.parks.take(park);
    for (const [key, result] of answers) parked.answer(key, result);
    return parked.questions.size > 0
      ? Promise.resolve(this.ask(asked, park))
      : this.attend(asked, parked, park);
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
      return this.demanded(asked, e);
    }
    if (reply === null) return this.ask(asked, park ?? this.opened(call, parked));
    if (park !== null) this.parks.remove(park);
    return relayed(asked, reply, this);
  }

  /** A legacy upstream that wants pages opened first has ended the request: the retry is a new one. */
  private demanded({ call, up }: Asked, error: unknown): UpstreamReply {
    const demanded = demandedUrls(error);
    if (demanded === null) throw error;
    if (missingFor(call.client.capabilities, 'elicitation/create', '"mode":"url"') !== null)
      throw missingCapability('elicitation.url');
    const entries = demanded.map((entry, i) => [`e${String(i + 1)}`, entry] as const);
    const state = this.states.seal(call, up.name, { kind: 'anew' });
    return { result: inputRequiredText(entries, state), era: 'modern' };
  }

  private opened(call: Call, parked: ParkedCall): Park {
    try {
      return this.parks.add(parked, call.caller.limiterKey);
    } catch (e) {
      parked.letGo();
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
    const state = this.states.seal(call, up.name, { kind: 'park', handle, round });
    const entries = Array.from(parked.questions, ([key, { request }]) => [key, request] as const);
    return { result: inputRequiredText(entries, state), era: 'modern' };
  }
}

/** The same Call with what its client gives back to a modern upstream. */
function answering(
  { call, up }: Asked,
  responses: string | undefined,
  state: string | undefined,
): Asked {
  return { call, up: { ...up, params: answeringParams(up.params, responses, state) } };
}

function stringIn(raw: string): string {
  const value: unknown = JSON.parse(raw);
  if (typeof value !== 'string') throw new GatewayError('request_state_invalid');
  return value;
}

function missingCapability(capability: string): GatewayError {
  const data = { requiredCapabilities: capabilityObject(capability) };
  return new GatewayError('missing_client_capability', { capability }, { data });
}
