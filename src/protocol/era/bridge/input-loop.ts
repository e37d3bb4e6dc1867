import { Injectable } from '@nestjs/common';
import type { Call } from '../../../kernel/call.js';
import type { UpstreamReply } from '../../../kernel/upstream.js';
import { ClientRequests } from '../../client-requests.js';
import { Legs, type Upward } from '../../legs.js';
import { InputGathering } from './input-gathering.js';
import { type InputRequired, answeringParams, readInputRequired } from './input-required.js';
import { Pauses } from './pauses.js';
import { UnansweredError, unansweredReply } from './unanswered.js';

/** Rounds of questions of one Call (PROTOCOL.md §5.5). */
const MAX_ROUNDS = 10;
/** Before a leg that carries state alone, and before one that asks whether a page was done with. */
const STATE_PAUSES = { firstMs: 250, longestMs: 5_000, totalMs: 600_000 } as const;
const PAGE_PAUSES = { firstMs: 2_000, longestMs: 10_000, totalMs: 600_000 } as const;

/** What one Call keeps over its legs. */
interface Course {
  readonly gathering: InputGathering;
  readonly states: Pauses;
  readonly pages: Pauses;
  rounds: number;
}

/**
 * A legacy client's Call at a modern upstream (PROTOCOL.md §5.5): what the upstream wants to know is
 * asked over the client's live session, and the call sent again with the answers until it is complete.
 */
@Injectable()
export class InputLoop {
  constructor(
    private readonly legs: Legs,
    private readonly clientRequests: ClientRequests,
  ) {}

  /**
   * @param first what the upstream answered to the first leg
   * @returns the complete answer, or one that says what the client could not give
   */
  async run(call: Call, up: Upward, first: UpstreamReply): Promise<UpstreamReply> {
    const course: Course = {
      gathering: new InputGathering(call, this.clientRequests),
      states: new Pauses(call.abort, STATE_PAUSES),
      pages: new Pauses(call.abort, PAGE_PAUSES),
      rounds: 0,
    };
    try {
      for (let reply = first; ;) {
        const required = readInputRequired(reply.result);
        if (required === null) return reply;
        const responses = await answered(course, required);
        const params = answeringParams(up.params, responses, required.state);
        reply = await this.legs.send(call, { ...up, params });
      }
    } catch (e) {
      return unansweredReply(call, e);
    }
  }
}

/** @returns `inputResponses` for the next leg, once it may go; `undefined` when nothing was asked */
async function answered(course: Course, { requests }: InputRequired): Promise<string | undefined> {
  if (requests.length === 0) {
    await course.states.next();
    return undefined;
  }
  // Waiting for a person who is at a page is no round of questions.
  if (course.gathering.hasOpenedAll(requests)) await course.pages.next();
  else if (++course.rounds > MAX_ROUNDS)
    throw new UnansweredError(`Upstream asked in more than ${String(MAX_ROUNDS)} rounds`);
  return course.gathering.answers(requests);
}
