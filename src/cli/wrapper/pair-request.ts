import type { ExchangeHooks, Outcome, Sent } from './exchange.js';

/** An outcome of which only so much is to be said. */
export function outcomeOf(said: Partial<Outcome>): Outcome {
  return {
    ...{ status: 0, type: '', sessionId: null, body: '', error: null },
    ...{ wasSent: false, lastEventId: null, retryMs: null },
    ...said,
  };
}

/** Something that ends once. */
class Ending {
  readonly done: Promise<Outcome>;
  readonly sessionId = null;
  settle!: (outcome: Outcome) => void;

  constructor(readonly hooks: ExchangeHooks) {
    this.done = new Promise((resolve) => {
      this.settle = resolve;
    });
  }
}

/** One message on its way over an old pair: it is over with its answer, or when it got a refusal. */
export class PairRequest extends Ending implements Sent {
  private exchange: Sent | null = null;
  isOver = false;

  /** @param key of its id; `null` for what has no answer */
  constructor(
    readonly key: string | null,
    hooks: ExchangeHooks,
  ) {
    super(hooks);
    void this.done.then(() => {
      this.isOver = true;
    });
  }

  get isSent(): boolean {
    return this.exchange?.isSent ?? false;
  }

  /** @returns what came of the POST */
  sending(exchange: Sent): Promise<Outcome> {
    this.exchange = exchange;
    return exchange.done;
  }

  abort(): void {
    this.isOver = true;
    this.exchange?.abort();
    this.settle(outcomeOf({ error: new Error('no longer wanted'), wasSent: this.isSent }));
  }
}

/** Hears what comes on the stream of an old pair besides answers. */
export class PairListen extends Ending implements Sent {
  readonly isSent = true;

  abort(): void {
    this.settle(outcomeOf({ error: new Error('no longer wanted') }));
  }
}
