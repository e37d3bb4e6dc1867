import { GatewayError } from '../../kernel/errors.js';
import type { GatewayId } from '../../kernel/ids.js';

export interface SupervisorOptions {
  /** Pause between starts once a Gateway's process has ended too often. */
  readonly restIntervalMs: number;
  /** Monotonic clock in ms. */
  readonly now?: () => number;
  /** 0 … 1. */
  readonly random?: () => number;
}

const FIRST_PAUSE_MS = 500;
const MAX_PAUSE_MS = 30_000;
const MAX_EXITS = 5;
const WINDOW_MS = 60_000;

interface History {
  /** When its latest processes ended, at most MAX_EXITS. */
  exits: number[];
  /** Ends without a process that stayed up in between. */
  streak: number;
  isResting: boolean;
  mayStartAt: number;
  /** How the last one ended. */
  detail: string;
}

/**
 * Decides when the process of a STDIO Gateway may be started again (PROTOCOL.md §7.3): after
 * 0.5 s × 2 … 30 s, jittered; after five ends within 60 s one try per rest interval, until a process
 * stays up for 60 s.
 */
export class Supervisor {
  private readonly records = new Map<GatewayId, History>();
  private readonly now: () => number;
  private readonly random: () => number;

  constructor(private readonly options: SupervisorOptions) {
    this.now = options.now ?? (() => performance.now());
    this.random = options.random ?? Math.random;
  }

  /** @throws GatewayError `upstream_unreachable` with `retryAfterSeconds` while a pause lasts */
  mayStart(id: GatewayId): void {
    const record = this.records.get(id);
    if (record === undefined) return;
    const waitMs = record.mayStartAt - this.now();
    if (waitMs <= 0) return;
    throw new GatewayError(
      'upstream_unreachable',
      {
        reason: record.isResting
          ? 'its process ended too often, a new start is tried now and then'
          : 'its process has just ended, a new start follows',
      },
      {
        retryAfterSeconds: Math.ceil(waitMs / 1000),
        wayUp: { reach: 'untried', detail: record.detail },
      },
    );
  }

  /**
   * A process ended without being told to, whatever its exit code, or could not be started.
   * @param livedMs from its start
   * @param detail how, for those who look after it
   */
  recordExit(id: GatewayId, livedMs: number, detail: string): void {
    const now = this.now();
    const known = livedMs < WINDOW_MS ? this.records.get(id) : undefined;
    const record = known ?? { exits: [], streak: 0, isResting: false, mayStartAt: 0, detail };
    record.detail = detail;
    this.records.set(id, record);
    record.streak++;
    record.exits = [...record.exits.slice(1 - MAX_EXITS), now];
    const first = record.exits[0] as number;
    if (record.exits.length === MAX_EXITS && now - first <= WINDOW_MS) record.isResting = true;
    const doubled = Math.min(MAX_PAUSE_MS, FIRST_PAUSE_MS * 2 ** (record.streak - 1));
    // Half fixed, half by chance, so that several gateways do not start all at once.
    const pause = doubled * (0.5 + this.random() / 2);
    record.mayStartAt = now + (record.isResting ? this.options.restIntervalMs : pause);
  }

  /** The Gateway was changed or is gone: what its process did before says nothing. */
  forget(id: GatewayId): void {
    this.records.delete(id);
  }
}
