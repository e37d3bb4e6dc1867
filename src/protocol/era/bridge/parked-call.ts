import { Abort } from '../../../kernel/abort.js';
import type { Call } from '../../../kernel/call.js';
import { GatewayError } from '../../../kernel/errors.js';
import { type LogLevel, type ServerRequestMethod, isServerRequest } from '../../../kernel/mcp.js';
import { related } from '../../../kernel/related-task.js';
import type { UpstreamObserver, UpstreamReply } from '../../../kernel/upstream.js';
import type { Meters } from '../../../platform/metrics/meters.js';
import { Places } from '../../../upstreams/places.js';
import type { Watch } from '../../legs.js';
import { missingFor } from './declared.js';
import type { GivenAhead } from './given-ahead.js';
import { HeldBack } from './held-back.js';
import { KEY_LETTER, toInputRequest } from './question.js';
import { type Outcome, type ResultRoom, sizeOf } from './result-room.js';

export interface Question {
  readonly method: ServerRequestMethod;
  /** The entry of `inputRequests`. */
  readonly request: string;
  /** Takes the inside of the reply envelope. */
  readonly answer: (reply: string) => void;
}

interface Round {
  readonly call: Call;
  readonly stream: UpstreamObserver | null;
  resolve(end: UpstreamReply | null): void;
  reject(error: unknown): void;
}

/** Questions that come together share a round: so long after the latest, so long after the first. */
const QUIET_MS = 25;
const LONGEST_MS = 100;

const NOT_KEPT =
  'The call has run, but there was no room to keep its result until the client answered';

const refusal = (code: number, message: string): string =>
  `"error":${JSON.stringify({ code, message })}`;

/**
 * A modern client's Call whose legacy upstream may ask back (PROTOCOL.md §5.4). The upstream's
 * request stays open over several Calls of the client, its rounds; each ends with the upstream's
 * answer, or with questions for the client.
 */
export class ParkedCall implements Watch {
  /** Ends the request above. */
  readonly abort = new Abort();
  /** Given back between rounds: a person may take minutes. */
  readonly places = new Places();
  private readonly open = new Map<string, Question>();
  private readonly held = new HeldBack();
  private round: Round | null = null;
  private outcome: Outcome | null = null;
  private keptBytes = 0;
  private isOver = false;
  private asked = 0;
  private firstAt = 0;
  private quiet: NodeJS.Timeout | null = null;

  /** What the client declared, as JSON text: all that the upstream may ask for. */
  private readonly capabilities: string;
  readonly logLevel: LogLevel | null;
  private readonly owner: string;

  constructor(
    { client, caller }: Pick<Call, 'client' | 'caller'>,
    private readonly given: GivenAhead,
    private readonly meters: Meters,
    private readonly room: ResultRoom,
  ) {
    this.capabilities = client.capabilities;
    this.logLevel = client.logLevel;
    this.owner = caller.limiterKey;
  }

  /** The questions without an answer, in the order they were asked. */
  get questions(): ReadonlyMap<string, Question> {
    return this.open;
  }

  /** Follows the request above to its end. */
  follow(leg: Promise<UpstreamReply>): void {
    leg.then(
      (reply) => {
        this.ended({ reply });
      },
      (error: unknown) => {
        this.ended({ error });
      },
    );
  }

  /**
   * Opens a round.
   * @param stream hears what precedes the answer; `null` when the client takes no stream
   * @returns the upstream's answer; `null` when the client has to answer `questions` first
   */
  attend(call: Call, stream: UpstreamObserver | null): Promise<UpstreamReply | null> {
    return new Promise((resolve, reject) => {
      this.round = { call, stream, resolve, reject };
      this.places.comeBack();
      if (stream !== null) this.held.tell(stream);
      call.abort.onAbort((reason) => {
        // Between rounds the client's connection means nothing.
        if (this.round?.call === call) this.abort.abort(reason);
      });
      if (this.outcome !== null) this.settle(this.outcome);
    });
  }

  /** @param result the client's answer as JSON text */
  answer(key: string, result: string): void {
    const question = this.open.get(key);
    this.open.delete(key);
    question?.answer(`"result":${result}`);
  }

  progress(params: string): void {
    if (this.round !== null) this.round.stream?.progress(params);
    else if (!this.held.latest(params)) this.meters.dropped('park_notices');
  }

  notification(method: string, params: string): void {
    if (this.round !== null) this.round.stream?.notification(method, params);
    else if (!this.held.notice(method, params)) this.meters.dropped('park_notices');
  }

  ask(method: string, said: string, answer: (reply: string) => void): () => void {
    // A modern client knows of no task of its upstream.
    const params = related(said, null);
    const refused = this.refusalFor(method, params);
    if (refused !== null || !isServerRequest(method)) {
      answer(refused ?? refusal(-32601, `Method not found: ${method}`));
      return () => undefined;
    }
    const known = this.given.take(method, params);
    if (known !== null) {
      answer(`"result":${known}`);
      return () => undefined;
    }
    const key = KEY_LETTER[method] + String(++this.asked);
    this.open.set(key, { method, request: toInputRequest(method, params), answer });
    this.wait();
    return () => {
      this.open.delete(key);
    };
  }

  behind(caughtUp: () => void): boolean {
    return this.round?.stream?.behind?.(caughtUp) ?? false;
  }

  /** Called before the answer is given. */
  end(): void {
    this.round?.stream?.end();
  }

  private refusalFor(method: string, params: string): string | null {
    if (!isServerRequest(method)) return refusal(-32601, `Method not found: ${method}`);
    const missing = missingFor(this.capabilities, method, params);
    return missing === null ? null : refusal(-32601, `The client has no capability '${missing}'`);
  }

  private wait(): void {
    const now = performance.now();
    if (this.quiet === null) this.firstAt = now;
    else clearTimeout(this.quiet);
    const left = Math.min(QUIET_MS, this.firstAt + LONGEST_MS - now);
    this.quiet = setTimeout(() => {
      this.quiet = null;
      if (this.open.size > 0) this.pause();
    }, left);
  }

  /** The round ends with questions: what waits goes before them. */
  private pause(): void {
    const { round } = this;
    if (round === null) return;
    this.round = null;
    this.places.stepAside();
    round.stream?.end();
    round.resolve(null);
  }

  private ended(outcome: Outcome): void {
    if (this.quiet !== null) clearTimeout(this.quiet);
    this.quiet = null;
    if (this.round === null) this.keep(outcome);
    else this.settle(outcome);
  }

  /** The client is away: what came waits for it, if there is room. */
  private keep(outcome: Outcome): void {
    if (this.isOver) return;
    const bytes = sizeOf(outcome);
    if (this.room.take(this.owner, bytes)) {
      this.keptBytes = bytes;
      this.outcome = outcome;
    } else {
      this.meters.dropped('park_results');
      this.outcome = { error: new GatewayError('overloaded', { what: NOT_KEPT }) };
    }
  }

  /** Nobody comes back for the outcome. */
  letGo(): void {
    this.isOver = true;
    this.outcome = null;
    if (this.keptBytes > 0) this.room.release(this.owner, this.keptBytes);
    this.keptBytes = 0;
  }

  private settle(outcome: Outcome): void {
    const { round } = this;
    if (round === null) return;
    this.round = null;
    this.letGo();
    if ('reply' in outcome) round.resolve(outcome.reply);
    else round.reject(outcome.error);
  }
}
