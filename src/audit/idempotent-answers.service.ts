import { createHash, randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { GatewayError } from '../kernel/errors.js';
import type { IdempotentRequest } from '../kernel/idempotent-request.js';
import { Sealer } from '../platform/crypto/sealer.js';
import { Log } from '../platform/log/log.js';
import { Database } from '../store/database.js';

/** Who asks what under which key, and with what content. */
export interface Keyed {
  readonly scope: readonly string[];
  readonly content: string;
}

/** The right to answer a request; exactly one of its ends is called. */
export interface Claim {
  /** Keeps the answer for those who ask again. */
  answered(text: string): Promise<void>;
  /** Nothing is kept: the request may run again. */
  dropped(): Promise<void>;
}

const KEPT_MS = 86_400_000;
/** A holder that is gone is replaced after so long; one that lives says so more often. */
const LEASE_MS = 15_000;
const RENEW_MS = 5_000;
const PRUNE_EVERY_MS = 3_600_000;
const LABEL = 'idempotency';
/** A record can end between two looks at it; more often than that it is a fault. */
const MAX_TRIES = 3;

/** Answers of requests that carried an `Idempotency-Key` (API.md §1.8), for all processes of a database. */
@Injectable()
export class IdempotentAnswers {
  private prunedAt = -Infinity;

  constructor(
    private readonly database: Database,
    private readonly sealer: Sealer,
    private readonly log: Log,
  ) {}

  /**
   * @returns the answer that was kept, or the right to make one
   * @throws GatewayError `in_progress`, `idempotency_mismatch`, `dependency_unavailable`
   */
  async claim(keyed: Keyed): Promise<{ kept: string } | { claim: Claim }> {
    const id = digest(JSON.stringify(keyed.scope));
    const request = digest(keyed.content);
    const { idempotency } = this.database.repositories;
    await this.prune();
    for (let tries = 0; tries < MAX_TRIES; tries++) {
      const own: IdempotentRequest = {
        id,
        holder: randomUUID(),
        requestSealed: this.sealer.seal(LABEL, request, `${id}:request`),
        answerSealed: null,
        heldUntil: inMs(LEASE_MS),
      };
      if (await idempotency.add(own)) return { claim: this.hold(own) };
      const found = await idempotency.find(id);
      if (found === undefined) continue;
      const kept = this.read(found, request);
      if (kept !== undefined) return { kept };
      await idempotency.delete(found);
    }
    throw running();
  }

  /**
   * @returns `undefined` when the record no longer counts
   * @throws GatewayError `in_progress`, `idempotency_mismatch`
   */
  private read(row: IdempotentRequest, request: string): string | undefined {
    if (row.heldUntil < inMs(0)) return undefined;
    const before = this.sealer.open(LABEL, row.requestSealed, `${row.id}:request`);
    // Sealed with a key that is no longer there: nobody can tell what was answered.
    if (before === undefined) return undefined;
    if (before !== request) throw new GatewayError('idempotency_mismatch');
    if (row.answerSealed === null) throw running();
    return this.sealer.open(LABEL, row.answerSealed, `${row.id}:answer`);
  }

  private hold(own: IdempotentRequest): Claim {
    const { idempotency } = this.database.repositories;
    const failed = (err: unknown): void => {
      this.log.warn({ event: 'idempotency.not_stored', err });
    };
    const timer = setInterval(() => {
      idempotency.update(own, { heldUntil: inMs(LEASE_MS) }).catch(failed);
    }, RENEW_MS).unref();
    return {
      answered: async (text) => {
        clearInterval(timer);
        const answerSealed = this.sealer.seal(LABEL, text, `${own.id}:answer`);
        // What was done is done: that it could not be noted is no reason to call it failed.
        await idempotency.update(own, { answerSealed, heldUntil: inMs(KEPT_MS) }).catch(failed);
      },
      dropped: async () => {
        clearInterval(timer);
        await idempotency.delete(own).catch(failed);
      },
    };
  }

  private async prune(): Promise<void> {
    if (performance.now() - this.prunedAt < PRUNE_EVERY_MS) return;
    this.prunedAt = performance.now();
    await this.database.repositories.idempotency.prune(inMs(0));
  }
}

const digest = (text: string): string => createHash('sha256').update(text).digest('hex');

const inMs = (ms: number): string => new Date(Date.now() + ms).toISOString();

const running = (): GatewayError =>
  new GatewayError('in_progress', { what: 'This request is' }, { retryAfterSeconds: 1 });
