import type { Abort } from '../kernel/abort.js';
import { GatewayError } from '../kernel/errors.js';
import type { Config } from '../config/config.js';
import { isUnreached } from './reach.js';

/** Retries may be a fifth of all calls (RELIABILITY.md §2.3). */
const SHARE = 0.2;
const MAX_SAVED = 20;

/** What a call allows. */
export interface RetryRules {
  /** How often it was sent, the failed time included. */
  readonly attempts: number;
  /** The owner says that repeating is harmless. */
  readonly isRetryable: boolean;
  /** Longest pause that a refusal may ask for. */
  readonly silenceMs: number;
  /** What is left of the whole call. */
  readonly leftMs: number;
}

/** Decides whether a call goes out again: only what did not run, or what its owner allows (PROTOCOL.md §4.6). */
export class Retries {
  private saved = MAX_SAVED;

  constructor(
    private readonly config: Pick<
      Config,
      'maxToolRetries' | 'retryBaseDelayMs' | 'retryMaxDelayMs'
    >,
  ) {}

  /** Each call adds its part of a retry. */
  earn(): void {
    if (this.saved < MAX_SAVED) this.saved += SHARE;
  }

  /** @returns how long to wait before the next attempt, in ms; `null` when there is none */
  pauseMs(error: unknown, rules: RetryRules): number | null {
    if (!(error instanceof GatewayError)) return null;
    const pause = this.wanted(error, rules);
    if (pause === null || pause >= rules.leftMs || this.saved < 1) return null;
    this.saved--;
    return pause;
  }

  private wanted(error: GatewayError, rules: RetryRules): number | null {
    const { attempts, silenceMs } = rules;
    if (attempts > this.config.maxToolRetries) return null;
    const { wayUp, retryAfterSeconds = 0 } = error.extras;
    // Once: an upstream that refuses again is not to be pressed.
    if (wayUp?.askAgainMs !== undefined)
      return attempts === 1 && wayUp.askAgainMs < silenceMs ? wayUp.askAgainMs : null;
    const notSent = error.code === 'upstream_unreachable';
    const brokeOff = error.code === 'upstream_error' && isUnreached(error);
    if (!notSent && !(rules.isRetryable && brokeOff)) return null;
    const pause = Math.max(this.backOff(attempts), retryAfterSeconds * 1000);
    return pause < silenceMs ? pause : null;
  }

  private backOff(attempts: number): number {
    const { retryBaseDelayMs, retryMaxDelayMs } = this.config;
    const doubled = Math.min(retryBaseDelayMs * 2 ** (attempts - 1), retryMaxDelayMs);
    // Half fixed, half by chance, so that calls that failed together do not come back together.
    return doubled * (0.5 + Math.random() / 2);
  }
}

/** Waits. @throws GatewayError `cancelled` as soon as nobody wants the call any more */
export function pause(ms: number, abort: Abort): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, ms);
    abort.onAbort(() => {
      clearTimeout(timer);
      reject(new GatewayError('cancelled'));
    });
  });
}
